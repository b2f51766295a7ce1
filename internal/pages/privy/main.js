// Privy's login, on the page of this server that runs it. Privy has no page to send a
// browser to: its script speaks with Privy from here, and what it got is posted.
import Privy from '@privy-io/js-sdk-core'

const page = document.querySelector('.privy')
const done = document.querySelector('form.done')
const email = page.querySelector('form.email')
const code = page.querySelector('form.code')
const or = page.querySelector('.or')
const ways = [...page.querySelectorAll('form.way')]
const said = page.querySelector('[role=alert]')
const here = new URL(location.href)

// It keeps what it needs for the way to another service and back, in this tab, and
// nothing beyond: a session of Privy's is of no use on this page.
const storage = {
  get: (key) => JSON.parse(sessionStorage.getItem(key)),
  put: (key, value) => sessionStorage.setItem(key, JSON.stringify(value ?? null)),
  del: (key) => sessionStorage.removeItem(key),
  getKeys: () => Object.keys(sessionStorage).filter((key) => key.startsWith('privy')),
}
const forget = () => storage.getKeys().forEach(storage.del)

const privy = new Privy({
  appId: page.dataset.app,
  clientId: page.dataset.client || undefined,
  baseUrl: page.dataset.at,
  storage,
  sessions: { cookieWriteBehavior: 'never' },
  logger: { error() {}, warn() {}, info() {}, debug() {} },
})

const sentences = {
  invalid_credentials: 'That code is not the one. Look again, or have another one sent.',
  invalid_data: 'Privy does not take that. Look again at what you wrote.',
  not_supported: 'Privy does not take that address.',
  disallowed_plus_email: 'Privy does not take an address with + in it here.',
  user_unsubscribed: 'That address wants no more mail from Privy. Use another one.',
  allowlist_rejected: 'You may not come in here by that.',
  disallowed_login_method: 'You may not come in here by that.',
  oauth_account_suspended: 'That account is suspended, the service says.',
  too_many_requests: 'That was too many tries. Wait a moment, and try again.',
  invalid_origin: `If you run this server: add ${here.origin} to the allowed origins of the app, at Privy.`,
  missing_or_invalid_privy_app_id: 'If you run this server: Privy does not know the app. Look at app_id, and client_id.',
  missing_or_invalid_privy_client_id: 'If you run this server: Privy does not know the app client. Look at client_id.',
  invalid_captcha: 'If you run this server: the app at Privy asks for a captcha, which this page has not. Switch it off there, or use login_url.',
  oauth_state_mismatch: 'That answer was for another try. Try again.',
  pkce_state_code_mismatch: 'That answer was for another try. Try again.',
}

// One press at a time; what goes wrong is said where people look.
async function attempt(work) {
  const buttons = page.querySelectorAll('button')
  said.textContent = ''
  buttons.forEach((b) => (b.disabled = true))
  try {
    await work()
  } catch (error) {
    said.textContent = sentences[error?.code] ?? 'Privy does not answer now. Try again in a moment.'
  } finally {
    buttons.forEach((b) => (b.disabled = false))
  }
}

const pressed = (form, work) =>
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    attempt(work)
  })

function finish({ token, identity_token }) {
  forget()
  done.elements.privy_token.value = token ?? ''
  done.elements.identity_token.value = identity_token ?? ''
  done.submit()
}

// What the app has is shown, and nothing else; while a code is on its way, only that.
function show(coming) {
  const app = privy.app.getConfig()
  for (const way of ways) way.hidden = coming || !app[`${way.dataset.way}_oauth`]
  code.hidden = !coming
  email.hidden = coming || !app.email_auth
  or.hidden = email.hidden || ways.every((w) => w.hidden)
}

pressed(email, async () => {
  const address = email.elements.email.value.trim()
  await privy.auth.email.sendCode(address)
  code.querySelector('.to').textContent = address
  code.elements.code.value = ''
  show(true)
  code.elements.code.focus()
})
pressed(code, async () => {
  const digits = code.elements.code.value.replaceAll(' ', '')
  finish(await privy.auth.email.loginWithCode(email.elements.email.value.trim(), digits))
})
code.querySelector('.other').addEventListener('click', () => {
  said.textContent = ''
  show(false)
  email.elements.email.focus()
})

for (const way of ways) {
  pressed(way, async () => {
    const back = new URL(location.pathname, location.origin)
    back.searchParams.set('state', done.elements.state.value)
    location.assign((await privy.auth.oauth.generateURL(way.dataset.way, back.href)).url)
  })
}

async function begin() {
  const [answer, state, by] = ['code', 'state', 'provider'].map((name) => here.searchParams.get(`privy_oauth_${name}`))
  if (!answer) forget()
  await privy.initialize()
  if (privy.app.getConfig().captcha_enabled) throw { code: 'invalid_captcha' }
  show(false)
  if (answer) {
    history.replaceState(null, '', `${location.pathname}?state=${encodeURIComponent(done.elements.state.value)}`)
    finish(await privy.auth.oauth.loginWithCode(answer, state, by))
  }
}

page.hidden = false
document.querySelectorAll('.needs-script').forEach((e) => e.remove())
attempt(begin)
