// What the editor reads it writes again, and what is typed stays what was typed. Run by `npm test`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getSchema } from '@tiptap/core'
import { makeMarkdown, readable } from '../js/editor/markdown.js'
import { emptyTable, readTable, writeTable } from '../js/editor/raw.js'
import { extensions } from '../js/editor/schema.js'

const schema = getSchema(extensions())
const markdown = makeMarkdown(schema)
const again = (text) => markdown.serialize(markdown.parse(text))

const KEPT = {
  'everything there is a tool for':
    '# One\n\nText with *em*, **strong**, `code`, [link](https://a.b "t"), ~~gone~~.\n\n> quote\n>\n> more\n\n- a\n- b\n  - c\n\n1. x\n2. y\n\n---\n\n![alt](/media/x.webp "Caption")\n\n```py\nx = 1\n```\n\nline\\\nbreak',
  tables: 'before\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nafter',
  footnotes: 'note[^1] and[^two]\n\n[^1]: foot\n\n[^two]: more\n    second line',
  spoilers: 'It was ||the **butler**||, with ||a rope||.',
  'pictures within a sentence': 'in ![x](/media/1/640.webp "T") line',
  'deep headings and late numbers': '### deep\n\n3. three\n4. four',
  'emphasis within emphasis': 'a **bold** *it **both*** end',
  'lists within quotes': '> - a\n> - b\n\ntext',
}
for (const [name, text] of Object.entries(KEPT)) {
  test(`keeps ${name}`, () => assert.equal(again(text), text))
}

const LITERAL = ['*not em*', '# not a heading', '1. no list', '1) no list', '- no', '+ plus', 'a_b_c', '[x](y)', '<b>', 'a `b', '> q', 'snake_case and 2 * 3 * 4', '\\ back', '![a](b)', '~~no~~', '&amp;', '---', '||not hidden||', 'a || b', '[^1] x', '| a | b |', '#hash']
for (const text of LITERAL) {
  test(`typed text stays text: ${text}`, () => {
    const doc = schema.node('doc', null, [schema.node('paragraph', null, [schema.text(text)])])
    assert.ok(markdown.parse(markdown.serialize(doc)).eq(doc))
  })
}

test('a table is cells, and is written as it was', () => {
  const table = readTable('| a | b\\|c |\n|:--|---:|\n| 1 | 2 |\n| 3 |')
  assert.deepEqual(table, { rules: [':--', '---:'], rows: [['a', 'b\\|c'], ['1', '2'], ['3', '']] })
  table.rows[2][1] = 'x | y'
  assert.equal(writeTable(table), '| a | b\\|c |\n|:--|---:|\n| 1 | 2 |\n| 3 | x \\| y |')
  assert.equal(readTable('no table'), null)
  assert.ok(markdown.parse(emptyTable()).firstChild.type.name === 'rawBlock')
})

test('an empty text is empty', () => {
  assert.equal(again(''), '')
  assert.equal(again('\n\n\n'), '')
})

test('bare addresses become links and then stay as they are', () => {
  assert.equal(again('see https://x.y/a_b ok'), 'see <https://x.y/a_b> ok')
  assert.equal(again('see <https://x.y/a_b> ok'), 'see <https://x.y/a_b> ok')
})

test('what is read has no addresses, marks or labels in it', () => {
  const text = [
    '# A heading', 'A [link](https://example.org/a/long/address "Title") in **bold**.[^1]', '- one\n- two', '![A hill](/media/1/640.webp "Caption")',
    'in ![x](/media/1/640.webp) line', '| a | [b](https://c.d/e) |\n|---|---|\n| 1 | 2 |', '```py\ncode = 1\n```', '[^1]: The note',
  ].join('\n\n')
  assert.deepEqual(readable(markdown.parse(text)).match(/[\p{L}\p{N}]+/gu), 'A heading A link in bold one two A hill in x line a b 1 2 The note'.split(' '))
})
