import { useQuery } from '@tanstack/react-query'
import { statusQuery } from '@/lib/api/queries'

/** What stands for an address that the operator did not say. */
const UNKNOWN = 'https://YOUR_GATEWAY'

/** Where other programs reach the gateway, without a slash at the end. */
export function useGatewayAddress(): string {
  const { data } = useQuery(statusQuery())
  return data?.gateway_url?.replace(/\/$/, '') ?? UNKNOWN
}
