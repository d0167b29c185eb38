// The reading view: the bar gets out of the way while scrolling down, sharing uses the system's sheet, settings apply at once.
import { onReady } from './ready.js'
import { csrf } from './requests.js'
import { toast } from './toasts.js'

onReady('[data-reading-bar]', (bar) => {
  let last = scrollY
  addEventListener('scroll', () => {
    if (bar.hasAttribute('data-by-hand')) return // where pages are turned, they say
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 200
    if (Math.abs(scrollY - last) < 8 && !atEnd) return
    bar.toggleAttribute('data-away', scrollY > last && scrollY > 240 && !atEnd)
    last = scrollY
  }, { passive: true })
})

// Footnotes stand in the margin where there is room: beside the line that refers to them, below one another, clear of pictures.
onReady('.reading', (text) => {
  const references = [...text.querySelectorAll('.footnote-ref a')]
  if (!references.length) return
  const place = () => {
    text.querySelectorAll('.sidenote').forEach((note) => note.remove())
    delete text.dataset.sidenotes
    const room = (document.documentElement.clientWidth - text.clientWidth) / 2
    if (room < 240) return
    const top = text.getBoundingClientRect().top
    const figures = [...text.querySelectorAll(':scope > figure')].map((figure) => figure.getBoundingClientRect())
    let free = 0
    for (const reference of references) {
      const source = text.querySelector(`#${CSS.escape(reference.hash.slice(1))}`)
      if (!source) return
      const note = document.createElement('aside')
      note.className = 'sidenote'
      note.append(`${reference.textContent.replace(/[[\]]/g, '')} `, ...[...source.cloneNode(true).childNodes])
      note.querySelectorAll('.footnote-backref').forEach((link) => link.remove())
      text.append(note)
      let y = Math.max(free, reference.getBoundingClientRect().top - top)
      for (const box of figures) {
        const [from, to] = [box.top - top, box.bottom - top]
        if (y < to + 12 && y + note.offsetHeight > from - 12) y = to + 16
      }
      note.style.top = `${y}px`
      free = y + note.offsetHeight + 14
    }
    text.dataset.sidenotes = ''
  }
  new ResizeObserver(place).observe(text)
})

// What scrolls by itself can be scrolled by keys.
onReady('article .reading :is(pre, table)', (part) => {
  new ResizeObserver(() => { if (part.scrollWidth > part.clientWidth) part.tabIndex = 0 }).observe(part)
})

onReady('[data-share]', (button) => {
  button.hidden = false
  button.addEventListener('click', async () => {
    const share = { title: button.dataset.title, url: new URL(button.dataset.share, location.href).href }
    if (navigator.share) return navigator.share(share).catch(() => {})
    try {
      await navigator.clipboard.writeText(share.url)
      toast({ text: 'Link copied', kind: 'good' })
    } catch {
      toast({ text: share.url })
    }
  })
})

onReady('[data-reading-form]', (form) => {
  form.addEventListener('change', () => {
    const chosen = new FormData(form)
    const root = document.documentElement
    const face = chosen.get('face')
    const size = chosen.get('size')
    if (face === 'literata') delete root.dataset.face
    else root.dataset.face = face
    if (size === '19') delete root.dataset.size
    else root.dataset.size = size
    fetch(form.action, { method: 'POST', body: new URLSearchParams(chosen), headers: { 'X-CSRF-Token': csrf(), 'HX-Request': 'true' } })
  })
  form.querySelector('[data-without-js]')?.remove()
})

onReady('[data-theme-form]', (form) => {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const value = event.submitter.value
    const root = document.documentElement
    if (value === 'system') delete root.dataset.theme
    else root.dataset.theme = value === 'dark' ? 'stoa-dark' : 'stoa'
    for (const button of document.querySelectorAll('[data-theme-form] button')) button.setAttribute('aria-pressed', String(button.value === value))
    const body = new URLSearchParams(new FormData(form, event.submitter))
    fetch(form.action, { method: 'POST', body, headers: { 'X-CSRF-Token': csrf(), 'HX-Request': 'true' } })
  })
})
