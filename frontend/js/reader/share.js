// How far one is: the line on top, and in words in the bar.
export function showShare(root, share, words) {
  const bar = root.querySelector('[data-progress]')
  const percent = Math.round(share * 100)
  if (bar) {
    bar.hidden = false
    bar.setAttribute('aria-valuenow', String(percent))
    bar.firstElementChild.style.transform = `scaleX(${share})`
  }
  const said = root.querySelector('[data-where]')
  if (!said) return
  const minutes = Math.ceil(Number(root.dataset.minutes || 0) * (1 - share))
  const text = words ?? (share >= 0.99 ? 'Read' : `${percent} %${minutes > 1 ? ` · ${minutes} min left` : ''}`)
  if (said.textContent !== text) said.textContent = text
}
