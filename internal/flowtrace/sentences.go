package flowtrace

import "github.com/sallyport-dev/sallyport/oauth"

// A Sentence says what happened. It is a constant; text between backquotes is a
// value or a command; what stands between braces is put in, cleaned and cut:
//
//	{who}       what the client calls itself
//	{asked}     the resource that was asked for
//	{here}      the resources that there are
//	{scopes}    the scopes that were asked for
//	{known}     those that the resource has
//	{redirect}  the host at which the answer was asked for
//	{hosts}     those that the client registered
//	{client}    the client id that was sent
type Sentence string

// What goes well.
const (
	Challenged        Sentence = "{who} asked without a token and was told where to get one."
	ReadResource      Sentence = "{who} read the metadata of the resource."
	ReadServer        Sentence = "{who} read the metadata of the authorization server."
	LookedElsewhere   Sentence = "{who} looked for metadata at a place where there is none, as some clients do before they try the next."
	Registered        Sentence = "{who} registered as {client}."
	FetchedDocument   Sentence = "The metadata document of {who} was fetched."
	KeptDocument      Sentence = "The host of {who} did not give its metadata document; the copy that is kept here serves."
	Asked             Sentence = "{who} asked for permission, and the answer is to go to {redirect}."
	ShownSignIn       Sentence = "The sign-in page was shown."
	SentElsewhere     Sentence = "The person was sent to the service that knows them."
	SignedIn          Sentence = "The person signed in."
	ShownConsent      Sentence = "The consent page was shown."
	Allowed           Sentence = "The person allowed it."
	ConsentRemembered Sentence = "The person had allowed this before, and was not asked again."
	CodeSent          Sentence = "The browser was sent back to {redirect} with a code."
	TokenIssued       Sentence = "The code was exchanged for a token."
	FirstCall                  = "The token was used for the first time: the connection works."
)

// waiting are the sentences after which it is a person's turn.
var waiting = []Sentence{ShownSignIn, SentElsewhere, ShownConsent}

// A remedy is what is said of a refusal: what happened, where that can be said
// better than to the client, which is told nothing that it sent; and what to do.
type remedy struct {
	said Sentence // empty: what the client was told
	toDo Sentence
}

const (
	addAgain   Sentence = "Remove this server in the client and add it again, so that it registers anew. `sallyport clients list` shows what is registered."
	ofClient   Sentence = "This is a mistake of the client: update it, or tell its makers what is said here."
	startAgain Sentence = "Start again from the client. Nothing was changed."
	signAgain  Sentence = "The client has to ask for permission again: in most, disconnect and connect."
)

// ofUpstreams are refusals of package login whose cause, which the log has, stands in
// the trace, too: it says which request to an upstream failed, and how, in words of
// that package. So does that of a refresh for which an upstream was asked.
var ofUpstreams = map[string]bool{
	"The service that signs you in does not accept this server. Whoever runs this server has to look at its settings.":           true,
	"The service that signs you in is not where this server looks for it. Whoever runs this server has to look at its settings.": true,
	"The service that signs you in does not answer now. Try again in a moment.":                                                  true,
	"The service that signs you in takes too long to answer. Try again in a moment.":                                             true,
	"The service that signs you in gave an answer that cannot be believed.":                                                      true,
	"You are signed in there, but you may not come in here.":                                                                     true,
	"You said no there, or the sign-in was cancelled.":                                                                           true,
	"the person has to sign in again: the service that signed them in vouches for them no more":                                  true,
	"the service that signs the person in does not answer now; try again":                                                        true,
}

// remedies are by what the client or the person was told, which is a constant
// of the room that said it. What is missing here has the remedy of its code.
var remedies = map[string]remedy{
	"The service that signs you in does not accept this server. Whoever runs this server has to look at its settings.": {
		toDo: "Compare client_id and client_secret under login in the settings, and the callback URL that is registered there, with what that service has. The cause here is its error code."},
	"The service that signs you in is not where this server looks for it. Whoever runs this server has to look at its settings.": {
		toDo: "Compare issuer, or the URLs, under login in the settings with what that service writes of itself. The cause here says which request led elsewhere."},
	"The service that signs you in does not answer now. Try again in a moment.": {
		toDo: "See whether that service can be reached from this server; the cause here says which request failed, and how. Nothing was revoked."},
	"The service that signs you in takes too long to answer. Try again in a moment.": {
		toDo: "See whether that service is slow for others, too, or a firewall between here and there drops what is sent; the cause here says which request it was. Nothing was revoked."},
	"The service that signs you in gave an answer that cannot be believed.": {
		toDo: "The cause here says what was wrong with it. If it is the issuer, compare that under login in the settings with the service's own metadata."},
	"You are signed in there, but you may not come in here.": {
		toDo: "The cause here says which rule of allow or deny, under login in the settings, was met, or that the person is disabled (`sallyport users list`)."},
	"the person has not connected the service that this server acts at": {
		"{who} asked in silence (prompt=none), and the person has not connected the service that this server acts at, or it has ended that.",
		"Clients ask again, and the person is asked to connect it. If this one does not, connect again in it."},
	"the person has to sign in again, to connect the service that this server acts at": {
		"{who} came to refresh its token, and the person's connection to the service that this server acts at has ended.",
		"The person signs in again, and is asked to connect it. If it ends again and again, the log says why."},
	"the person has not connected the service that this server acts at; they have to sign in again": {
		toDo: "Disconnect and connect in the client: the person is then asked to connect that service."},
	"the service that this server acts at has ended the person's connection; they have to sign in again": {
		toDo: "Disconnect and connect in the client: the person is then asked to connect that service again."},
	"a renewal of the person's connection was interrupted and is lost; they have to sign in again": {
		"This server was ended, or could not write, between the answer of the service that it acts at and its own database: the tokens of that answer are lost, and the older ones are not good any more.",
		"Disconnect and connect in the client: the person is then asked to connect that service again. The log says when it was; look why the server ended then, or could not write."},
	"the person's connection cannot be used now; try again": {
		toDo: "The service that this server acts at does not answer, or refuses this server; the log says which. Nothing was revoked."},
	"the person has to sign in again, to connect the service that is asked for": {
		"A server asked for the person's own token of another service, and the person has no connection to it, or that has ended.",
		"Disconnect and connect in the client: the person is then asked to connect that service."},
	"the person has not agreed that this server acts for them there; the client has to ask for permission again": {
		"A server asked to act for the person at another resource, to which they have not agreed: they allowed the client before the settings said so.",
		"Disconnect and connect in the client: the consent page then says so, and asks."},
	"the subject_token is no living access token of a resource that this client serves": {
		"A server presented for exchange what is no access token of a resource that it serves, or not any more.",
		"The log has which it was. If the token was for another resource: compare `serves` of that client in the settings with the resource that it guards."},
	"this client may not exchange tokens for that; the settings say what it may": {
		"A server asked for something that the settings do not let it have.", "Compare `exchange` of that client in the settings, and the `connection` of the resource that it serves."},
	"that account belongs to somebody else here": {
		toDo: "Somebody signed in here with that account before. The person signs in with it instead, or connects another one."},
	"somebody else is signed in here now":              {toDo: "Start again from the client, in one tab."},
	"You said no there, or the sign-in was cancelled.": {toDo: "Start again from the client, and agree there."},
	"this browser did not leave from here to sign in, or did so more than ten minutes ago": {
		toDo: "Start again from the client. If it happens each time, the browser keeps no cookies of this server, or people come back under another host than that of public_url."},
	"You have to sign in there anew: that sign-in was used here before, or is too old.": {
		toDo: "The page at login_url handed over a token from before. It has to sign the person out at the service, and in again."},
	"the first account is made with the link that the server printed when it started": {toDo: "Open that link; `sallyport serve` prints it until there is an account."},
	"there is no such resource here; use the resource of the protected resource metadata": {
		"{who} asked for `resource={asked}`; this server is {here}.", "Enter {near} in {who}."},
	"resource is not a URI":                                                  {"{who} asked for `resource={asked}`, which is no URL; this server is {here}.", "Enter {near} in {who}."},
	"resource is not an absolute http or https URI":                          {"{who} asked for `resource={asked}`, which is no http or https URL; this server is {here}.", "Enter {near} in {who}."},
	"resource has a fragment":                                                {"{who} asked for `resource={asked}`, which has a fragment; this server is {here}.", "Enter {near} in {who}, without the # and what follows."},
	"resource has an encoded, empty or dot segment in its path":              {"{who} asked for `resource={asked}`, whose path is not written plainly; this server is {here}.", "Enter {near} in {who}."},
	"resource is too long or holds a character that is not allowed in a URI": {"{who} asked for `resource={asked}`, which is no URL; this server is {here}.", "Enter {near} in {who}."},
	"resource has userinfo":                                                  {"{who} asked for `resource={asked}`, with a name or a password in it; this server is {here}.", "Enter {near} in {who}."},
	"resource has a host or a port that is not written plainly":              {"{who} asked for `resource={asked}`, whose host is not written plainly; this server is {here}.", "Enter {near} in {who}."},
	"a token is for one resource; ask for each on its own":                   {"{who} asked for several resources at once: `{asked}`.", "A token is for one. Connect to each on its own; if the client does this by itself, tell its makers."},
	"the grant is for another resource":                                      {"{who} presented what was issued for one resource and named another.", "The client mixes up two servers. Disconnect both in it, and connect them again one after the other."},
	"none of the scopes asked for exists at this resource": {
		"{who} asked for the scopes {scopes}; this resource has {known}.", "Take the scopes out of the client's settings, or name existing ones there. Without any it is given the default ones."},
	"the scope goes beyond what was granted": {"{who} asked for more than the person had allowed.", "The client has to ask for permission again, with the scopes that it wants."},

	"the app is not known to this server":                                 {"", addAgain},
	"the client is unknown; register again":                               {"", "The client goes on with a registration that is not here, or not any more. " + addAgain},
	"the code was issued before the client registered":                    {"", addAgain},
	"the app did not say who it is (client_id is missing)":                {"", ofClient},
	"the app did not say where the answer goes (redirect_uri is missing)": {"", ofClient},
	"the app asked for the answer at an address that it did not register": {
		"", "If you know the client, remove this server in it and add it again, so that it registers its present address. A client of the settings file needs the address under redirect_uris. If you do not know it, do nothing: nothing was sent."},
	"client_id or redirect_uri is given more than once": {"", ofClient},

	"code_challenge is missing: PKCE is required":               {"{who} sent no code_challenge: it does not know PKCE.", "Update the client: every MCP client since 2025 sends one. There is no setting to do without."},
	"code_challenge_method is missing: it must be S256":         {"", "Update the client: it has to send code_challenge_method=S256."},
	"code_challenge_method must be S256":                        {"", "Update the client: it has to send code_challenge_method=S256."},
	"the code_verifier does not match":                          {"", "The code was asked for by one process of the client and redeemed by another, or it was intercepted. Close the client's other windows and connect again."},
	"code_verifier is missing":                                  {"", ofClient},
	"the code is unknown or has expired":                        {"", "The client took longer than code_ttl to come for its token, or sent something that is no code of this server. Connect again; if it is always too slow, raise tokens.code_ttl."},
	"the code was used before":                                  {"{who} redeemed a code a second time; what the first redemption made was revoked.", "Connect again. If it happens again, something on the way sends the request twice, or the code leaked: look at `sallyport audit tail`."},
	"the code was issued to another client":                     {"", ofClient},
	"the redirect_uri is not that of the authorization request": {"", ofClient},
	"code is missing":                                           {"", ofClient},

	"That username and password do not go together.":                    {"The sign-in failed: the username and the password do not go together.", "`sallyport users list` shows who there is; `sallyport users set-password` gives a new one."},
	"Too many tries. Try again later.":                                  {"The sign-in failed too often and has to wait.", "Wait a minute. If it was not the person themselves, somebody guesses passwords."},
	"Many people are signing in. Try again in a moment.":                {"More people signed in at once than this machine can check passwords for.", "Try again. If it goes on, the machine is too small or somebody floods the sign-in page."},
	"this form does not belong to this browser":                         {"", "The page was opened in one browser and sent from another, or someone signed in or out in another tab. " + startAgain},
	"this form was sent by another site":                                {"", "Another site sent the form. If a proxy stands in front, public_url has to be the address that people see."},
	"no request waits here":                                             {"", startAgain},
	"this request has waited too long":                                  {"", "The person took longer than an hour. " + startAgain},
	"nothing was chosen; choose at least one permission, or press Deny": {"", startAgain},
	"the person said no":                                                {"The person said no.", "Nothing is wrong. If it was a slip, connect again and press Allow."},
	"the person is not signed in":                                       {"{who} asked in silence (prompt=none), and the person is not signed in.", "Clients ask again and show the sign-in page. If this one does not, connect again in it."},
	"the person has not agreed yet":                                     {"{who} asked in silence (prompt=none), and the person has not agreed yet.", "Clients ask again and show the consent page. If this one does not, connect again in it."},
	"only an administrator may allow this":                              {"", "Whoever signs in has to be an administrator: `sallyport users list` shows who is."},
	"only a client that an administrator added may ask for administration": {
		"{who} asked for administration, and is a client that made itself known.", "If you trust the client, add it with `sallyport clients add`, and enter the client id in it."},
	"the person may not sign in any more": {"", "The person was disabled or removed after they signed in: `sallyport users list`."},

	"this server does not let clients register themselves; ask whoever runs it for a client_id": {
		"{who} tried to register; registration is off here.", "Add the client to the settings, under clients, or set registration.dynamic to open."},
	"registration needs the initial access token of this server": {"{who} tried to register without the initial access token.", "Give it the token of registration.token, add it under clients, or set registration.dynamic to open."},
	"this server keeps as many registered clients as it may; ask whoever runs it to remove some, or for a client_id": {
		"", "`sallyport clients list` shows them and `sallyport db prune` removes those that nobody uses. If strangers filled it, set registration.dynamic to token."},
	"too many tries; wait as long as Retry-After says":                         {"", "Wait a minute. If a proxy stands in front, name it in trusted_proxies: otherwise everyone behind it counts as one."},
	"the private-use scheme of a redirect URI is not on this server's list":    {"{who} registered an address with a scheme of its own that is not on the list.", "If you trust the client, add the scheme to registration.private_schemes."},
	"an http redirect URI must be on localhost, 127.0.0.1 or [::1]; use https": {"", "The client's own address has to be https. On this computer, http is allowed."},
	"redirect_uris is missing or empty":                                        {"", ofClient},

	"this server does not know apps by their own documents; the app has to register, or needs a client_id from whoever runs this server": {
		"", "Set registration.metadata_documents to open, or to allow-list with its host, or add the client under clients."},
	"the host of the app is not on this server's list": {
		"", "If you trust {client}, add its host to registration.allowed_documents."},
	"the document by which the app says who it is could not be fetched": {
		"", "The log has the cause, in the line of this time. Fetch the URL from this machine: a firewall may keep the server in, or the client's host may keep it out. A document on an inner host has to be a whole URL in registration.allowed_documents."},
	"there is no document where the app says that its own is": {
		"", ofClient},
	"the client's metadata document names another client_id than its own URL": {"", "The client_id inside the document at {client} has to be that URL, octet for octet. " + ofClient},
	"the client's metadata document has no client_name":                       {"", ofClient},
	"the client's metadata document has no redirect_uris that can be used":    {"", ofClient},
	"the client's metadata document holds a secret, which everyone can read there": {
		"", "Whoever makes the client has to take the secret out of the document at {client}, and to change it."},
	"the client's metadata document offers no way to authenticate that is taken here: none, or private_key_jwt with keys": {"", ofClient},
	"the client's keys cannot be taken: it has to publish a JWK set of public keys":                                       {"", ofClient},
	"the client's keys could not be fetched":                                                                              {"", "The log has the cause, in the line of this time. Fetch the jwks_uri of the document at {client} from this machine: a firewall may keep the server in."},
	"there are no keys where the client says that its own are":                                                            {"", ofClient},
	"the client has to authenticate with an assertion that it signs, private_key_jwt":                                     {"", ofClient},
	"the client did not announce private_key_jwt, nor keys to check an assertion by":                                      {"", ofClient},
	"the client assertion was used before; each request needs a new one": {
		"{who} sent one signed assertion twice.", "Something on the way sends the request again, or the assertion leaked. If it goes on, tell the client's makers what is said here."},
	"the client assertion is not accepted: iss and sub have to be the client_id, aud the issuer or the token endpoint, exp within a day, and the signature that of a key which the client published": {
		"{who} sent an assertion that proves nothing.", "The log says which part is wrong, in the line of this time. If it is the time, set the clock of this machine; if it is aud, public_url has to be the address that the client was given."},

	"the client secret is wrong":                             {"", "Compare the secret in the client with the one it was given. A new one: remove the client and add it again."},
	"the client has to authenticate with its secret":         {"", "The client was registered with a secret and sends none. Enter it there, or register the client as public."},
	"the client is public and has no secret":                 {"", "The client sends a secret that it was not given here. Remove the secret in it, or add it anew with one."},
	"the client did not register for this grant_type":        {"", "The client was added for less than it asks for now. " + addAgain},
	"grant_type must be authorization_code or refresh_token": {"", ofClient},

	"the person has to sign in again: the service that signed them in vouches for them no more": {
		"The service that signs the person in refuses them now, or the settings let them in no more.", "The cause here says which. If they should come in: let them in there, or in the settings under login, and have them sign in once more."},
	"the service that signs the person in does not answer now; try again": {
		"The service that signs the person in was asked about them, and did not answer.", "Nothing has ended, and the client tries again. The cause here says what became of the request. If it goes on, look whether this machine reaches that service, and at its settings under login."},
	"the refresh token is unknown, expired or revoked": {"{who} came with a refresh token that is of no use any more.", "The grant was revoked, ran out, or its token was used twice. `sallyport grants list --ended` and `sallyport audit tail` say which. " + signAgain},
	"the refresh token was issued to another client":   {"", "The client registered anew and kept its old tokens. " + signAgain},
	"the resource of this grant is gone":               {"", "The resource was taken out of the settings, or its URL was changed. " + signAgain},
	"the resource is gone":                             {"", "The resource was taken out of the settings, or its URL was changed. " + startAgain},

	"the access token has expired":                   {"{who} keeps coming with a token that has expired, and does not refresh it.", "Restart the client, or disconnect and connect in it. If it had no refresh token, it has to ask for permission again."},
	"the access token was revoked":                   {"{who} keeps coming with a token that was revoked.", "`sallyport grants list --ended` says why. " + signAgain},
	"the access token is for another resource":       {"{who} came with a token that is for another resource of this server.", "The client mixes up two servers, or sends the token to the wrong URL. Disconnect and connect this one."},
	"the access token is from another issuer":        {"{who} came with a token of another server, or of this one when it had another public_url.", "After a change of public_url every client has to connect again."},
	"the access token is not valid":                  {"{who} came with a token that this server did not make.", "It may be an API key, or a token for something else. In the client, remove whatever is set as the Authorization header, and connect."},
	"the access token is malformed":                  {"{who} came with something in the Authorization header that has not the form of a token.", "In the client, remove whatever is set as the Authorization header, and connect."},
	"the person of the access token may not sign in": {"{who} came with the token of someone who may not sign in.", "The person was disabled or removed: `sallyport users list`."},
	"the access token does not permit this operation; ask for the scopes named": {
		"{who} called something that needs more than the person allowed.", "The client was told which scopes to ask for. If it does not ask, disconnect and connect in it and tick them on the consent page, or make the scope a default one in the settings."},
}

// byCode are what to do where there is nothing better.
var byCode = map[oauth.ErrorCode]Sentence{
	oauth.InvalidRequest:          ofClient,
	oauth.InvalidClient:           "The client could not prove who it is. " + addAgain,
	oauth.InvalidGrant:            signAgain,
	oauth.InvalidScope:            "The client asks for scopes that are not written as scopes. Take them out of its settings.",
	oauth.InvalidTarget:           "Enter {near} in {who}.",
	oauth.InvalidRedirectURI:      "The address at which the client wants its answers cannot be taken. Update the client, or tell its makers.",
	oauth.InvalidClientMetadata:   "What the client says of itself cannot be taken. Update the client, or tell its makers.",
	oauth.InvalidToken:            signAgain,
	oauth.AccessDenied:            startAgain,
	oauth.TooLarge:                ofClient,
	oauth.TooManyRequests:         "Wait a minute, and try again.",
	oauth.ServerError:             "This is a fault of the server: its log has the cause, in the line of this time.",
	oauth.TemporarilyUnavailable:  "Try again in a moment. If it goes on, look at the server's log and its database.",
	oauth.UnsupportedGrantType:    ofClient,
	oauth.UnsupportedResponseType: ofClient,
	oauth.UnauthorizedClient:      ofClient,
	oauth.RequestNotSupported:     ofClient,
	oauth.RequestURINotSupported:  ofClient,
}

// ordinary are refusals that every client gets now and then, and then does what
// it should. They are a failure when they come again and again.
func ordinary(e *oauth.Error) bool {
	switch e.Description {
	case "the access token has expired", "the access token was revoked",
		"the access token does not permit this operation; ask for the scopes named",
		"many requests use this refresh token at once; try again":
		return true
	}
	return false
}
