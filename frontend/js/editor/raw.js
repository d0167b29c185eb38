// Markdown that the rich editor has no node for, edited in place: a table as a grid, a footnote as a line, the rest as it is.
import { button, field, writing } from './parts.js'

const CELL = /(?<!\\)\|/
const RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/
export const NOTE = /^\[\^([^\]\s]+)\]:/

const cells = (line) => line.trim().replace(/^\|/, '').replace(/(?<!\\)\|$/, '').split(CELL).map((cell) => cell.trim())

/** The cells of a Markdown table, its row of dashes apart; null for anything else. */
export function readTable(source) {
  const lines = source.split('\n').filter((line) => line.trim())
  if (lines.length < 2 || !lines[0].includes('|') || !RULE.test(lines[1])) return null
  const head = cells(lines[0])
  const fit = (row) => head.map((_, at) => row[at] ?? '')
  return { rules: fit(cells(lines[1])).map((rule) => rule || '---'), rows: [head, ...lines.slice(2).map((line) => fit(cells(line)))] }
}

export function writeTable({ rules, rows }) {
  const safe = (cell) => cell.replace(/\r?\n/g, ' ').replace(/(?<!\\)\|/g, '\\|').trim()
  const line = (row) => `| ${row.join(' | ')} |`
  return [line(rows[0].map(safe)), `|${rules.join('|')}|`, ...rows.slice(1).map((row) => line(row.map(safe)))].join('\n')
}

function grid(source, changed) {
  const table = readTable(source)
  const box = document.createElement('div')
  box.className = 'raw-table'
  const save = () => changed(writeTable(table))
  const draw = (focus) => {
    const grid = document.createElement('table')
    table.rows.forEach((row, y) => {
      const line = grid.insertRow()
      row.forEach((text, x) => {
        const cell = line.appendChild(document.createElement(y ? 'td' : 'th'))
        const input = document.createElement('input')
        input.value = text
        input.setAttribute('aria-label', y ? `Row ${y}, column ${x + 1}` : `Heading of column ${x + 1}`)
        input.addEventListener('input', () => { row[x] = input.value; save() })
        input.addEventListener('keydown', (event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          if (y === table.rows.length - 1) more()
          grid.parentNode?.querySelectorAll('table tr')[y + 1]?.cells[x]?.firstChild.focus()
        })
        cell.append(input)
      })
    })
    box.querySelector('table')?.remove()
    box.prepend(grid)
    if (focus) grid.rows[focus[0]]?.cells[focus[1]]?.firstChild.focus()
  }
  const more = () => { table.rows.push(table.rules.map(() => '')); save(); draw([table.rows.length - 1, 0]) }
  const tools = document.createElement('div')
  tools.className = 'raw-tools'
  tools.append(
    button('Add a row', more),
    button('Add a column', () => { table.rules.push('---'); table.rows.forEach((row) => row.push('')); save(); draw([0, table.rules.length - 1]) }),
    button('Take off the last row', () => { if (table.rows.length > 2) { table.rows.pop(); save(); draw() } }),
    button('Take off the last column', () => { if (table.rules.length > 1) { table.rules.pop(); table.rows.forEach((row) => row.pop()); save(); draw() } }),
  )
  box.append(tools)
  draw()
  return box
}

function note(source, changed) {
  const label = NOTE.exec(source)[1]
  const text = source.slice(source.indexOf(':') + 1).trim().replace(/\n {2,4}/g, '\n')
  const { wrap, input } = field(`Footnote ${label}`, text, null, (typed) => changed(`[^${label}]: ${typed.trim().replace(/\n/g, '\n    ')}`))
  wrap.dataset.footnote = label
  input.rows = 1
  return wrap
}

function plain(source, changed) {
  const { wrap, input } = field('Kept as Markdown', source, null, changed)
  input.rows = Math.min(12, source.split('\n').length)
  return wrap
}

/** The node view of rawBlock. */
export function rawView({ node, editor, getPos }) {
  const dom = document.createElement('div')
  dom.className = 'raw-box'
  dom.contentEditable = 'false'
  let source = null
  const changed = (typed) => {
    source = typed
    editor.view.dispatch(editor.state.tr.setNodeAttribute(getPos(), 'source', typed))
  }
  const draw = (next) => {
    source = next
    const part = NOTE.test(next) ? note : readTable(next) ? grid : plain
    const name = part === note ? 'footnote' : part === grid ? 'table' : 'part'
    const remove = button(`Remove the ${name}`, () => writing(editor).deleteRange({ from: getPos(), to: getPos() + 1 }).run())
    const made = part(next, changed)
    dom.replaceChildren(made)
    ;(made.querySelector('.raw-tools') ?? dom).append(remove)
  }
  draw(node.attrs.source)
  return {
    dom,
    stopEvent: (event) => event.target !== dom,
    ignoreMutation: () => true,
    update(next) {
      if (next.type !== node.type) return false
      if (next.attrs.source !== source) draw(next.attrs.source)
      return true
    },
  }
}

export const emptyTable = () => writeTable({ rules: ['---', '---'], rows: [['', ''], ['', '']] })

/** Puts a mark where the cursor is and its note at the end, and goes there to write it. */
export function insertFootnote(editor) {
  const used = new Set()
  editor.state.doc.descendants(({ attrs }) => { const found = /^\[\^([^\]\s]+)\]/.exec(attrs.source ?? ''); if (found) used.add(found[1]) })
  let number = 1
  while (used.has(String(number))) number++
  writing(editor)
    .insertContent({ type: 'rawInline', attrs: { source: `[^${number}]` } })
    .command(({ tr, state }) => { tr.insert(tr.doc.content.size, state.schema.nodes.rawBlock.create({ source: `[^${number}]: ` })); return true })
    .run()
  editor.view.dom.querySelector(`[data-footnote="${number}"] textarea`)?.focus()
}
