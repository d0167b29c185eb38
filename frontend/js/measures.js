// Has the visits of a site counted by whom its owner chose. Plausible keeps nothing on the visitor's device and counts at once;
// Google and Facebook do, so the visitor is asked first, and asked once. Who has told the browser not to be followed, is not.
const script = document.querySelector('script[data-google], script[data-facebook], script[data-plausible]')
const { google, facebook, plausible } = script?.dataset ?? {}
const refused = navigator.globalPrivacyControl === true || navigator.doNotTrack === '1'
const key = `counted:${location.pathname.split('/').slice(0, 3).join('/')}`

const load = (src, more = {}) => {
  const tag = Object.assign(document.createElement('script'), { async: true, src })
  for (const [name, content] of Object.entries(more)) tag.setAttribute(name, content)
  document.head.append(tag)
}

function count() {
  if (google) {
    window.dataLayer = window.dataLayer || []
    window.gtag = function () { window.dataLayer.push(arguments) } // it wants an arguments object, not an array
    window.gtag('js', new Date())
    window.gtag('config', google, { anonymize_ip: true })
    load(`https://www.googletagmanager.com/gtag/js?id=${encodeURIComponent(google)}`)
  }
  if (facebook) {
    const fbq = window.fbq = function () { fbq.callMethod ? fbq.callMethod.apply(fbq, arguments) : fbq.queue.push(arguments) }
    Object.assign(fbq, { push: fbq, loaded: true, version: '2.0', queue: [] })
    fbq('init', facebook)
    fbq('track', 'PageView')
    load('https://connect.facebook.net/en_US/fbevents.js')
  }
}

function ask() {
  const names = [google && 'Google Analytics', facebook && 'the Facebook pixel'].filter(Boolean).join(' and ')
  const bar = document.createElement('section')
  bar.className = 'consent'
  bar.setAttribute('aria-label', 'Counting visits')
  const text = document.createElement('p')
  text.className = 'grow'
  text.textContent = `This site would like to count its visits with ${names}, which keeps something on your device.`
  bar.append(text)
  for (const [answer, label] of [['yes', 'Allow'], ['no', 'No, thank you']]) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-default', textContent: label })
    button.addEventListener('click', () => {
      localStorage.setItem(key, answer)
      bar.remove()
      if (answer === 'yes') count()
    })
    bar.append(button)
  }
  document.body.append(bar)
}

if (script && !refused) {
  if (plausible) load('https://plausible.io/js/script.js', { 'data-domain': plausible })
  if (google || facebook) {
    const answer = localStorage.getItem(key)
    if (answer === 'yes') count()
    else if (answer !== 'no') ask()
  }
}
