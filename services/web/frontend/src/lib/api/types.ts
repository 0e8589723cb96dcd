import type { components, operations } from '@/lib/api/schema'

type Json<R> = R extends { content: { 'application/json': infer B } } ? B : never
type Responses<O extends keyof operations> = operations[O] extends { responses: infer R } ? R : never

/** The body of an operation's good answer, by its operationId. */
export type Answer<O extends keyof operations> = Json<Responses<O>[keyof Responses<O> & (200 | 201)]>

/** The body that an operation takes. */
export type Body<O extends keyof operations> = operations[O] extends { requestBody: { content: { 'application/json': infer B } } } ? B : never

export type Session = Answer<'getSession'>
export type Status = Answer<'getStatus'>
export type PromptDetail = Answer<'getPrompt'>
export type PromptPage = Answer<'listPrompts'>
export type PromptSummary = PromptPage['items'][number]
export type PromptVersion = PromptDetail['latest']
export type Parameter = PromptDetail['parameters'][number]
export type ParameterType = NonNullable<Parameter['type']>
export type SnippetUse = PromptDetail['snippets'][number]
export type TemplateCheck = Answer<'checkTemplate'>
export type Finding = TemplateCheck['findings'][number]
export type Optimization = Answer<'getOptimization'>
export type Snippet = Answer<'getSnippet'>
export type DocumentDetail = Answer<'getDocument'>
export type DocumentPage = Answer<'listDocuments'>
export type DocumentSummary = DocumentPage['items'][number]
export type DocumentStatus = DocumentSummary['status']
export type Generation = Answer<'getGeneration'>
export type GenerationStatus = Generation['status']
export type Model = Answer<'listModels'>['items'][number]
export type SearchItem = Answer<'search'>['items'][number]

type View<N extends keyof components['schemas']> = components['schemas'][N]

export type Connection = View<'ProviderConnection'>
export type SavedConnection = View<'SaveConnection'>
export type ConnectionCheck = View<'ConnectionCheck'>
export type CustomModel = View<'CustomModel'>
export type ModelAlias = View<'ModelAlias'>
export type GatewaySettings = View<'GatewaySettings'>
export type Budget = View<'Budget'>
export type Limit = View<'Limit'>
export type UsageSum = View<'UsageSum'>
export type UsageReport = View<'UsageReport'>
export type RunningGeneration = View<'RunningGeneration'>
export type GenerationRequest = View<'GenerationRequest'>
export type ApiKey = Answer<'listKeys'>['items'][number]
export type CreatedApiKey = Answer<'createKey'>
