/** One refused field of a request, as the service names it. */
export interface FieldError {
  name: string
  message: string
}

interface ProblemDocument {
  type?: string
  title?: string
  status?: number
  detail?: string
  errors?: FieldError[]
  request_id?: string
}

/** An expected failure of the server (RFC 9457), or a request that never arrived (`status` 0). */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly type: string
  readonly status: number
  readonly title: string
  readonly errors: FieldError[]
  readonly requestId: string | null

  constructor(document: ProblemDocument, status: number, requestId: string | null = null) {
    super(document.detail ?? document.title ?? 'The server gave no reason.')
    this.type = document.type ?? 'about:blank'
    this.status = document.status ?? status
    this.title = document.title ?? 'Something went wrong'
    this.errors = Array.isArray(document.errors) ? document.errors : []
    this.requestId = document.request_id ?? requestId
  }

  /** True where the same request may succeed a little later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** Read the problem that a refused response carries; a body that is none becomes a plain one. */
export function problemFrom(body: unknown, response: Response): Problem {
  const document = typeof body === 'object' && body !== null ? (body as ProblemDocument) : { detail: statusSentence(response.status) }
  return new Problem(document, response.status, response.headers.get('x-request-id'))
}

function statusSentence(status: number): string {
  if (status === 413) return 'This text is larger than the server takes.'
  if (status >= 500) return 'The server could not answer. Try again in a moment.'
  return `The server answered with status ${status}.`
}

export function isProblem(error: unknown, status?: number): error is Problem {
  return error instanceof Problem && (status === undefined || error.status === status)
}

/** What to say of any error, in one sentence for the person who waits. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something unexpected happened.'
}
