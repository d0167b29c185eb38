// The next chapter is fetched while this one is read, once its end is near; a page that was fetched so says when it is looked at.
export function preload(root, csrf) {
  const { seen, next } = root.dataset
  if (seen) {
    const tell = () => fetch(seen, { method: 'POST', headers: { 'X-CSRF-Token': csrf(), 'HX-Request': 'true' } }).catch(() => {})
    if (document.visibilityState === 'visible') tell()
    else document.addEventListener('visibilitychange', tell, { once: true })
  }
  const end = root.querySelector('[data-end]')
  if (!next || !end || navigator.connection?.saveData) return
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return
    near.disconnect()
    if (root.querySelector('[data-leaves]')) fetchLeaves(next)
    else {
      const link = document.createElement('link')
      link.rel = 'prefetch'
      link.href = next
      document.head.append(link)
    }
  }, { rootMargin: '150% 0px' })
  near.observe(end)
}

/** The first pictures of the next chapter; its page itself is small. */
async function fetchLeaves(next) {
  try {
    const answer = await fetch(next, { headers: { 'X-Preload': 'yes' }, priority: 'low' })
    if (!answer.ok) return
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    for (const picture of [...page.querySelectorAll('[data-leaves] img')].slice(0, 2)) {
      const ahead = new Image()
      ahead.sizes = picture.sizes
      ahead.srcset = picture.srcset
      ahead.src = picture.getAttribute('src')
    }
  } catch {
    // without a network there is nothing to fetch ahead
  }
}
