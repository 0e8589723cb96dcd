import type { DocumentDetail, DocumentSummary, Generation, PromptDetail, PromptSummary, Session, Snippet } from '@/lib/api/types'

const TIME = '2026-11-21T04:00:00Z'
export const AUTHOR = 'us_00000000007000400000000001'

export const session: Session = {
  set_up: true,
  user: { id: AUTHOR, email: 'mara@example.org', name: 'Mara Kovács' },
  projects: [{ id: 'pj_00000000007000400000000002', slug: 'mara', name: 'Mara’s project', role: 'admin', personal: true }],
  capabilities: ['prompts.read', 'prompts.write', 'prompts.generate', 'documents.read', 'documents.write', 'documents.generate', 'generations.read', 'generations.start', 'generations.cancel',
    'models.read', 'models.call', 'connections.manage', 'usage.read', 'budgets.manage', 'keys.manage', 'projects.manage'],
}

export const promptDetail: PromptDetail = {
  id: 'pr_00000000007000400000000003',
  set_slug: 'default',
  slug: 'episode-outline',
  title: 'Episode outline',
  description: '',
  tags: ['fiction'],
  default_model: null,
  latest_version: 2,
  labels: { production: 1 },
  parameters: [
    { name: 'premise', type: 'text', required: true, default: null, description: '', choices: null, minimum: null, maximum: null, min_length: null, max_length: null, pattern: null },
    { name: 'episodes', type: 'number', required: true, default: 3, description: '', choices: null, minimum: 1, maximum: 20, min_length: null, max_length: null, pattern: null },
  ],
  snippets: [{ name: 'house-style', version: null, found: true }],
  archived: false,
  revision: 4,
  author_id: AUTHOR,
  created_at: TIME,
  updated_at: TIME,
  latest: {
    id: 'pv_00000000007000400000000004', number: 2, content_hash: 'aa', template: 'Outline {{ premise }} in {{ episodes }} episodes. @house-style', message: 'Scenes',
    author_id: AUTHOR, created_at: TIME, parameters: [],
  },
}

export const promptSummary: PromptSummary = (({ latest: _latest, ...summary }) => summary)(promptDetail)

export const snippet: Snippet = {
  id: 'sn_00000000007000400000000005', name: 'house-style', description: 'How we write', content: 'Short sentences.', version: 1, content_hash: 'bb', used_by: 1, revision: 1,
  author_id: AUTHOR, created_at: TIME, updated_at: TIME,
}

export const documentDetail: DocumentDetail = {
  id: 'do_00000000007000400000000006', title: 'The last ferry', status: 'ready', excerpt: 'The ferry leaves at six.', words: 5, tags: [], prompt_id: promptDetail.id,
  prompt_title: 'Episode outline', prompt_version: 2, model: 'simulator/quill', simulated: true, input_tokens: 40, output_tokens: 7, cost_usd: '0.0004', archived: false, revision: 2,
  author_id: AUTHOR, created_at: TIME, updated_at: TIME, content: '# The last ferry\n\nThe ferry leaves at **six**.', generation_id: 'ge_00000000007000400000000007',
  prompt_version_id: promptDetail.latest.id, prompt_content_hash: 'aa', snippets: [], values: { premise: 'A ferry' }, detail: null,
}

export const generation: Generation = {
  id: 'ge_00000000007000400000000007', status: 'running', model: 'simulator/quill', provider: 'simulator', simulated: true, last_segment: 0, characters: 0, finish_reason: null,
  content_hash: null, problem_type: null, detail: null, created_at: TIME, started_at: TIME, finished_at: null,
  usage: { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0, cost_usd: null, estimated: true },
}

export const documentSummary: DocumentSummary = (({ content: _c, generation_id: _g, prompt_version_id: _v, prompt_content_hash: _h, snippets: _s, values: _w, detail: _d, ...summary }) => summary)(documentDetail)
