export const LANGUAGES = { openai: 'OpenAI for Python', anthropic: 'Anthropic for Python', typescript: 'OpenAI for TypeScript', curl: 'curl' } as const
export type Language = keyof typeof LANGUAGES

interface Call {
  /** Of the gateway, without a path. */
  address: string
  key: string
  model: string
}

const QUESTION = 'Name three uses for a paper clip.'

const WRITE: Record<Language, (call: Call) => string> = {
  openai: ({ address, key, model }) => `from openai import OpenAI

client = OpenAI(base_url="${address}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "${QUESTION}"}],
)
print(answer.choices[0].message.content)`,
  anthropic: ({ address, key, model }) => `from anthropic import Anthropic

client = Anthropic(base_url="${address}", api_key="${key}")
answer = client.messages.create(
    model="${model}",
    max_tokens=1024,
    messages=[{"role": "user", "content": "${QUESTION}"}],
)
print(answer.content[0].text)`,
  typescript: ({ address, key, model }) => `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${address}/v1', apiKey: '${key}' })
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '${QUESTION}' }],
})
console.log(answer.choices[0].message.content)`,
  curl: ({ address, key, model }) => `curl ${address}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "${QUESTION}"}]}'`,
}

/** A first call that works as it stands. */
export const snippetFor = (language: Language, call: Call): string => WRITE[language](call)
