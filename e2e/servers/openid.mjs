// An OpenID provider that nobody here wrote, with one client and its own pages for
// signing in: whatever name is typed is who somebody is.
// node openid.mjs PORT REDIRECT_URI
import Provider from 'oidc-provider'

const [port, redirect] = process.argv.slice(2)
const issuer = `http://127.0.0.1:${port}`
const provider = new Provider(issuer, {
  clients: [{ client_id: 'door', client_secret: 'secret-of-the-door-elsewhere', redirect_uris: [redirect] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: 'Grace Hopper', preferred_username: sub, email: `${sub}@navy.example`, email_verified: true }),
  }),
  pkce: { required: () => true },
})
provider.listen(Number(port), '127.0.0.1')
