import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const bff = process.env.WEB_BFF_URL ?? 'http://127.0.0.1:8000'

const VENDOR =
  /node_modules\/(?:react|react-dom|scheduler|clsx|class-variance-authority|openapi-fetch|tinykeys|@tanstack\/(?:react-router|router-core|history|store|react-store|react-query|query-core))\//

const LEAVING = 'tests/signing-out.test.tsx'
const PAGE = { environment: 'jsdom', environmentOptions: { jsdom: { url: 'http://localhost/' } }, setupFiles: ['tests/setup.ts'] }

export default defineConfig({
  plugins: [
    tanstackRouter({
      target: 'react',
      autoCodeSplitting: true,
      routesDirectory: './src/app/routes',
      generatedRouteTree: './src/app/routeTree.gen.ts',
      disableLogging: true,
    }),
    react(),
    tailwindcss(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { host: '127.0.0.1', proxy: { '/api': bff } },
  build: {
    target: 'es2023',
    manifest: true,
    // A data: font or script would be refused by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What every page needs changes only with its versions: one chunk compresses better and stays cached.
        // The shell's own modules and what they import are one chunk too, instead of a dozen crumbs such as single icons.
        codeSplitting: { groups: [{ name: 'vendor', test: VENDOR, priority: 1 }, { name: 'shell', test: /src\/app\/shell\/shell\.tsx/ }] },
      },
    },
  },
  test: {
    restoreMocks: true,
    testTimeout: 60_000,
    // Threads of one process would hear each other's broadcasts, as tabs do.
    pool: 'forks',
    // Two cores are shared with the other services' tests.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'units', include: ['tests/*.test.ts'] } },
      // The whole app is compiled and loaded once per worker, not once per file.
      { extends: true, test: { name: 'pages', include: ['tests/*.test.tsx'], exclude: [LEAVING], isolate: false, ...PAGE } },
      // A page that is left is of no use to the next test.
      { extends: true, test: { name: 'leaving', include: [LEAVING], ...PAGE } },
    ],
  },
})
