import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { Button } from '@/components/button'
import { toastError } from '@/components/toast'
import { api } from '@/lib/api/client'
import { problemFrom } from '@/lib/api/problem'
import type { UsageQuestion } from '@/lib/api/gateway-queries'

/** The same sums as a file for a spreadsheet. */
export function CsvButton({ project, question }: { project: string; question: UsageQuestion }) {
  const download = useMutation({
    mutationFn: async () => {
      const { data, error, response } = await api(project).GET('/api/usage.csv', { params: { query: question }, parseAs: 'blob' })
      if (!response.ok) throw problemFrom(error, response)
      save(data as Blob, `usage-${question.since}-${question.until}-by-${question.by}.csv`)
    },
    onError: (error) => toastError('The file could not be made.', error),
  })
  return <Button pending={download.isPending} onClick={() => download.mutate()}><Download />Export CSV</Button>
}

// A link could not name the project: its header goes with our own requests only.
function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
