// Keys of the whole place: see layouts/_keys.html. None of them while somebody types.
let before = ''

const typing = (target) => target.closest?.('input, textarea, select, [contenteditable="true"]')
const go = (path) => { location.href = path }

function walk(step) {
  const links = [...document.querySelectorAll('[data-walk] .lead-title a, [data-walk] .work-title a, [data-walk] tbody th a, a[data-walk]')]
  if (!links.length) return
  const at = links.indexOf(document.activeElement)
  const next = links[Math.min(links.length - 1, Math.max(0, at + step))]
  next.focus()
  next.closest('li, tr, article')?.scrollIntoView({ block: 'nearest' })
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return
  const pair = before + event.key
  before = event.key === 'g' ? 'g' : ''
  const action = {
    '/': () => (document.querySelector('[data-search]')?.checkVisibility() ? document.querySelector('[data-search]').focus() : go('/search')),
    '?': () => document.getElementById('keys')?.showModal(),
    j: () => walk(1),
    k: () => walk(-1),
    c: () => go('/write'),
    gh: () => go('/'),
    gw: () => go('/wallet'),
  }
  const found = action[pair] ?? (before ? null : action[event.key])
  const local = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)
  if (!found && !local) return
  event.preventDefault()
  if (found) found()
  else local.click()
})
