import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'

interface Page<T> {
  items: readonly T[]
  total: number
}

const NONE: readonly never[] = []

/**
 * The items of all pages read so far. With `everything` the rest is read too: a list sorted in the browser
 * must not hide what is on a page that was not read yet.
 */
export function useAllPages<T>(query: UseInfiniteQueryResult<InfiniteData<Page<T>>>, everything: boolean): { items: readonly T[]; total: number } {
  const { data, hasNextPage, isFetchingNextPage, isError, fetchNextPage } = query
  // Synchronises the cache with the server, page after page.
  useEffect(() => {
    if (everything && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage()
  }, [everything, hasNextPage, isFetchingNextPage, isError, fetchNextPage])
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? NONE, [data])
  return { items, total: data?.pages.at(-1)?.total ?? items.length }
}
