// How it looks: applied at once, kept by the server in cookies, so that the next page comes looking like it.
const ATTRIBUTES = ['face', 'size', 'leading', 'measure', 'align']
const USUAL = { face: 'literata', size: '19', leading: 'usual', measure: 'usual', align: 'start' }
const PAPERS = { light: 'stoa', sepia: 'stoa', dark: 'stoa-dark' } // with the scheme that each of them belongs to

export function mountSettings(form, reader, { csrf, toast }) {
  const root = document.documentElement
  const apply = (chosen) => {
    for (const name of ATTRIBUTES) {
      const value = chosen.get(name)
      if (value === null) continue
      if (value === USUAL[name]) delete root.dataset[name]
      else root.dataset[name] = value
    }
    const paper = chosen.get('paper')
    const theme = PAPERS[paper] ?? form.dataset.scheme
    if (theme) root.dataset.theme = theme
    else delete root.dataset.theme
    if (paper in PAPERS) root.dataset.paper = paper
    else delete root.dataset.paper
    reader.settings?.(chosen)
  }
  const send = async () => {
    const body = new URLSearchParams(new FormData(form))
    try {
      const answer = await fetch(form.action, { method: 'POST', body, headers: { 'X-CSRF-Token': csrf(), 'HX-Request': 'true' }, keepalive: true })
      if (!answer.ok) throw new Error(String(answer.status))
    } catch {
      toast({ text: 'This could not be kept. It holds until you leave the page.', kind: 'warn' })
    }
  }
  form.addEventListener('change', () => {
    const chosen = new FormData(form)
    reader.change(() => apply(chosen))
    send()
  })
  for (const button of form.querySelectorAll('[data-step]')) {
    button.hidden = false
    button.addEventListener('click', () => {
      const all = [...form.querySelectorAll('[name="size"]')]
      const at = all.findIndex((one) => one.checked)
      const next = all[Math.min(all.length - 1, Math.max(0, at + Number(button.dataset.step)))]
      if (next && !next.checked) {
        next.checked = true
        next.dispatchEvent(new Event('change', { bubbles: true }))
      }
    })
  }
  form.querySelector('[data-without-js]')?.remove()
}
