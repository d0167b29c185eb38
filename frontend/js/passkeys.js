// Passkeys. A form asks the browser's authenticator, puts its answer into the field `credential`, and is sent as any other.
//   form[data-passkey-get='{options}']   uses one; with data-passkey-auto it also stands among the names the browser fills in
//   form[data-passkey-add]               makes one; its options come from the API, which may ask for the password or a step-up
//   [data-passkey-only]                  hidden until the browser can; [data-passkey-missing] is shown until then
import { onReady } from './ready.js'
import { csrf } from './requests.js'

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

// What is bound to one name works on no page of another.
const here = (name) => window.isSecureContext && Boolean(window.PublicKeyCredential) && (location.hostname === name || location.hostname.endsWith(`.${name}`))
const withBytes = (list = []) => list.map((one) => ({ ...one, id: toBytes(one.id) }))
const forGet = (options) => ({ ...options, challenge: toBytes(options.challenge), allowCredentials: withBytes(options.allowCredentials) })
const forCreate = (options) => ({
  ...options,
  challenge: toBytes(options.challenge),
  user: { ...options.user, id: toBytes(options.user.id) },
  excludeCredentials: withBytes(options.excludeCredentials),
})

function asText(credential) {
  const { response } = credential
  const fields = response.attestationObject
    ? { attestationObject: toText(response.attestationObject), transports: response.getTransports?.() ?? [] }
    : { authenticatorData: toText(response.authenticatorData), signature: toText(response.signature), userHandle: response.userHandle && toText(response.userHandle) }
  return JSON.stringify({ id: credential.id, type: credential.type, response: { clientDataJSON: toText(response.clientDataJSON), ...fields } })
}

function say(form, text) {
  const place = form.querySelector('[data-passkey-says]')
  place.textContent = text
  place.hidden = !text
}

const reason = (error) => ({
  NotAllowedError: 'No passkey was used. You can try again, or choose another way.',
  InvalidStateError: 'This device has a passkey for your account already.',
  SecurityError: 'Passkeys do not work at this address.',
})[error.name] ?? 'The browser could not use a passkey. Please try again, or choose another way.'

function send(form, credential) {
  form.elements.credential.value = asText(credential)
  form.submit()
}

function show(form) {
  for (const part of [form, ...form.querySelectorAll('[data-passkey-only]')]) if (part.matches('[data-passkey-only]')) part.hidden = false
  for (const part of form.querySelectorAll('[data-passkey-missing]')) part.hidden = true
}

onReady('form[data-passkey-get]', (form) => {
  const options = JSON.parse(form.dataset.passkeyGet)
  if (!here(options.rpId)) return
  show(form)
  let waiting
  const ask = async (more) => {
    waiting?.abort()
    waiting = new AbortController()
    const { signal } = waiting
    try {
      send(form, await navigator.credentials.get({ publicKey: forGet(options), signal, ...more }))
    } catch (error) {
      if (signal.aborted || more) return
      say(form, reason(error))
      offer()
    }
  }
  const offer = () => {
    if (!('passkeyAuto' in form.dataset)) return
    PublicKeyCredential.isConditionalMediationAvailable?.().then((able) => able && ask({ mediation: 'conditional' }))
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    say(form, '')
    ask()
  })
  offer()
})

onReady('form[data-passkey-add]', (form) => {
  if (!here(form.dataset.passkeyAdd)) return
  show(form)
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    say(form, '')
    const password = form.elements.password
    const answer = await fetch('/api/v1/auth/passkeys/options', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf() },
      body: JSON.stringify({ password: password?.value || null }),
    }).catch(() => null)
    if (!answer) return say(form, 'The network did not answer. Nothing was changed.')
    const body = await answer.json()
    if (body.code === 'step_up_required') return location.assign(`/mfa/step-up?next=${encodeURIComponent(location.pathname)}`)
    if (!answer.ok) return say(form, body.fields?.password ?? body.detail)
    try {
      const made = await navigator.credentials.create({ publicKey: forCreate(body) })
      if (password) password.value = ''
      send(form, made)
    } catch (error) {
      say(form, reason(error))
    }
  })
})

// A form that was kept while its sender showed a second factor.
onReady('form[data-send-now]', (form) => form.requestSubmit())
