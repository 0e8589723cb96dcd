/** A server of event streams for tests: each connection is answered by the next script. */
export type Script = { status: number } | { body: string; open?: boolean } | { error: true }

export function streamServer(scripts: Script[]) {
  const requests: { url: string; headers: Headers }[] = []
  const fetch = ((url: string, init: RequestInit) => {
    requests.push({ url, headers: new Headers(init.headers) })
    const script = scripts[requests.length - 1] ?? { status: 204 }
    if ('error' in script) return Promise.reject(new TypeError('network'))
    if ('status' in script) return Promise.resolve(new Response(null, { status: script.status }))
    return Promise.resolve(new Response(bodyOf(script, init.signal ?? null)))
  }) as typeof globalThis.fetch
  return { fetch, requests }
}

function bodyOf({ body, open }: { body: string; open?: boolean }, signal: AbortSignal | null): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body))
      if (open) signal?.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')))
      else controller.close()
    },
  })
}

export const event = (kind: string, data: unknown, id?: string | number) => `${id === undefined ? '' : `id: ${id}\n`}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
