// @vitest-environment jsdom

import { beforeEach, describe, expect, test, vi } from 'vitest'

/** A page of its own, on which nobody is known yet. */
async function page() {
  vi.resetModules()
  return import('@/lib/person')
}

const stored = () => Object.keys(localStorage).toSorted()

describe('what a browser keeps for a person', () => {
  beforeEach(() => {
    localStorage.clear()
    // Leaving the page is the browser's work, which jsdom only notes.
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })

  test('is kept for nobody before somebody is known', async () => {
    const { keepOfPerson, ofPerson } = await page()
    expect(keepOfPerson('draft', 'text')).toBe(false)
    expect([ofPerson('draft', 'none'), stored()]).toEqual(['none', []])
  })

  test('is found again by that person alone', async () => {
    const mara = await page()
    expect(mara.meet('us_mara')).toBe(true)
    mara.keepOfPerson('draft', 'text')
    const vik = await page()
    vik.meet('us_vik')
    expect(vik.ofPerson('draft', 'none')).toBe('none')
    const again = await page()
    again.meet('us_mara')
    expect(again.ofPerson('draft', 'none')).toBe('text')
  })

  test('stays under its writer when another person comes to the same page', async () => {
    const { keepOfPerson, meet } = await page()
    meet('us_mara')
    expect(meet('us_vik')).toBe(false)
    keepOfPerson('draft', 'text')
    expect(stored()).toEqual(['scriptorium.of.us_mara.draft'])
  })

  test('is forgotten at the sign-out, and nothing is written after it', async () => {
    const { forgetPerson, keepOfPerson, meet } = await page()
    localStorage.setItem('scriptorium.of.us_vik.draft', '"theirs"')
    meet('us_mara')
    keepOfPerson('draft', 'text')
    forgetPerson()
    keepOfPerson('draft', 'late')
    expect(meet('us_mara')).toBe(false)
    expect(stored()).toEqual(['scriptorium.of.us_vik.draft'])
  })
})
