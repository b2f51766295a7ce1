package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// Passkeys is what signing in with a passkey remembers. The contracts are those
// of [store.Passkeys].
type Passkeys interface {
	AddPasskey(ctx context.Context, k oauth.Passkey) error
	Passkey(ctx context.Context, id string) (oauth.Passkey, oauth.Person, error)
	UsePasskey(ctx context.Context, id string, uses uint32) (bool, error)
}

// WebAuthnOptions are what [NewWebAuthn] needs.
type WebAuthnOptions struct {
	PublicURL string // an origin; passkeys are made for its host, and used at it alone
	SiteName  string // what devices call the site
	Passkeys  Passkeys
	Now       func() time.Time // nil: time.Now
}

// WebAuthn signs people in with passkeys: Web Authentication Level 3. A device
// has to verify who uses it, and to know by itself whose passkey it has.
type WebAuthn struct {
	passkeys Passkeys
	library  *webauthn.WebAuthn
	origin   string
	now      func() time.Time
}

// ErrCopied is the cause of a refusal: the counter of a passkey did not go on, so
// that there may be two of it. Web Authentication Level 3 §6.1.1.
var ErrCopied = errors.New("login: the passkey was used elsewhere in between, and may have been copied")

// ErrNoDomain says that a server is known by an address, for which no device
// makes a passkey. Web Authentication Level 3 §5.1.3.
var ErrNoDomain = errors.New("login: passkeys are made for names, and public_url has an IP address")

// NewWebAuthn returns signing in with passkeys, or [ErrNoDomain].
func NewWebAuthn(o WebAuthnOptions) (*WebAuthn, error) {
	u, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, ErrNoDomain
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	library, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: o.SiteName, RPOrigins: []string{o.PublicURL},
		// Which make of device somebody has is no business of ours.
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	return &WebAuthn{passkeys: o.Passkeys, library: library, origin: o.PublicURL, now: o.Now}, err
}

// algorithms are those of signatures that are taken, the best first.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// A holder is a person as the library knows one.
type holder struct {
	oauth.Person
	keys []oauth.Passkey
}

// WebAuthnID is the person's id. Web Authentication Level 3 §14.6.1: the user handle
// "MUST NOT include personally identifying information"; the id is random.
func (h holder) WebAuthnID() []byte          { return []byte(h.ID) }
func (h holder) WebAuthnName() string        { return h.Username }
func (h holder) WebAuthnDisplayName() string { return h.Name }

func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, k := range h.keys {
		id, err := base64.RawURLEncoding.DecodeString(k.ID)
		if err != nil {
			continue // nothing has an id that cannot be read, so nothing can match it
		}
		c := webauthn.Credential{ID: id, PublicKey: k.PublicKey, Flags: webauthn.CredentialFlags{BackupEligible: k.Synced},
			Authenticator: webauthn.Authenticator{SignCount: k.Uses}}
		for _, t := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, c)
	}
	return all
}

// Ask returns the PublicKeyCredentialRequestOptionsJSON with which a browser asks
// its devices for a passkey of anybody's. The challenge has 16 octets at least,
// random ones among them.
func (a *WebAuthn) Ask(challenge []byte) (string, error) {
	asked, _, err := a.library.BeginDiscoverableLogin(webauthn.WithChallenge(challenge))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(asked.Response)
	return string(text), err
}

// AskNew returns the PublicKeyCredentialCreationOptionsJSON with which a browser
// has a device make a passkey for a person, unless it has one of theirs already.
func (a *WebAuthn) AskNew(challenge []byte, p oauth.Person, theirs []oauth.Passkey) (string, error) {
	h := holder{p, theirs}
	asked, _, err := a.library.BeginRegistration(h, webauthn.WithCredentialParameters(algorithms),
		webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()),
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = challenge
			return nil
		})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(asked.Response)
	return string(text), err
}

// A PasskeyProof says that a passkey of somebody's answered a challenge. It changed
// nothing yet.
type PasskeyProof struct {
	Passkey oauth.Passkey
	Person  oauth.Person
	uses    uint32 // the counter that came with it
}

const noSuchPasskey = "That passkey does not sign you in here."

func refusePasskey(cause error) error {
	return oauth.Refuse(oauth.AccessDenied, noSuchPasskey).Because(cause)
}

// Prove returns whose passkey made the answer, an AuthenticationResponseJSON, to
// the challenge. Whatever is wrong with it is refused with access_denied and one
// sentence: that nobody has the passkey, that it is removed, that its person is
// disabled.
func (a *WebAuthn) Prove(ctx context.Context, challenge []byte, answer string) (PasskeyProof, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return PasskeyProof{}, refusePasskey(wrongly(err))
	}
	if err := a.elsewhere(parsed.Response.CollectedClientData); err != nil {
		return PasskeyProof{}, refusePasskey(err)
	}
	key, person, err := a.passkeys.Passkey(ctx, base64.RawURLEncoding.EncodeToString(parsed.RawID))
	if errors.Is(err, store.ErrNotFound) {
		return PasskeyProof{}, refusePasskey(errors.New("login: nobody here has that passkey"))
	}
	if err != nil {
		return PasskeyProof{}, err
	}
	asked := webauthn.SessionData{Challenge: base64.RawURLEncoding.EncodeToString(challenge), UserVerification: protocol.VerificationRequired}
	find := func([]byte, []byte) (webauthn.User, error) { return holder{person, []oauth.Passkey{key}}, nil }
	// Web Authentication Level 3 §7.2, but for the counter, which Use looks at.
	if _, _, err := a.library.ValidatePasskeyLogin(find, asked, parsed); err != nil {
		return PasskeyProof{}, refusePasskey(wrongly(err))
	}
	if !person.Disabled.IsZero() {
		return PasskeyProof{}, refusePasskey(errors.New("login: the person is disabled"))
	}
	return PasskeyProof{Passkey: key, Person: person, uses: parsed.Response.AuthenticatorData.Counter}, nil
}

// Use notes that a proof was taken. It is refused as in [WebAuthn.Prove] where the
// passkey was removed meanwhile, and, because of [ErrCopied], where its counter
// does not go on.
//
// Web Authentication Level 3 §7.2 leaves to us what a counter that went back
// means. A passkey that counts does so in one place, and whoever copied it is
// somebody else; those that are copied by design count nothing.
func (a *WebAuthn) Use(ctx context.Context, p PasskeyProof) error {
	switch ok, err := a.passkeys.UsePasskey(ctx, p.Passkey.ID, p.uses); {
	case errors.Is(err, store.ErrNotFound):
		return refusePasskey(err)
	case err != nil:
		return err
	case !ok:
		return refusePasskey(ErrCopied)
	}
	return nil
}

// maxPasskeyName is in characters.
const maxPasskeyName = 64

// Add saves the passkey that a device made for a person in answer to the
// challenge, a RegistrationResponseJSON, under a name of theirs. What is wrong is
// refused with invalid_request and a sentence that can be shown.
func (a *WebAuthn) Add(ctx context.Context, challenge []byte, p oauth.Person, name, answer string) (oauth.Passkey, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxPasskeyName || !utf8.ValidString(name) || strings.ContainsFunc(name, invisible) {
		return oauth.Passkey{}, oauth.Refuse(oauth.InvalidRequest, "A passkey needs a name of at most 64 characters.")
	}
	const unusable = "Your device made a passkey that cannot be used here."
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err == nil {
		err = a.elsewhere(parsed.Response.CollectedClientData)
	}
	if err != nil {
		return oauth.Passkey{}, oauth.Refuse(oauth.InvalidRequest, unusable).Because(wrongly(err))
	}
	asked := webauthn.SessionData{Challenge: base64.RawURLEncoding.EncodeToString(challenge), UserID: []byte(p.ID),
		UserVerification: protocol.VerificationRequired, CredParams: algorithms}
	made, err := a.library.CreateCredential(holder{Person: p}, asked, parsed)
	if err != nil {
		return oauth.Passkey{}, oauth.Refuse(oauth.InvalidRequest, unusable).Because(wrongly(err))
	}
	k := oauth.Passkey{ID: base64.RawURLEncoding.EncodeToString(made.ID), Subject: p.ID, Name: name, PublicKey: made.PublicKey,
		Uses: made.Authenticator.SignCount, Synced: made.Flags.BackupEligible, Transports: transports(made.Transport), Created: a.now()}
	err = a.passkeys.AddPasskey(ctx, k)
	if errors.Is(err, store.ErrExists) {
		return oauth.Passkey{}, oauth.Refuse(oauth.InvalidRequest, "That passkey is here already.").Because(err)
	}
	return k, err
}

// elsewhere refuses what a browser signed for another site. The library compares
// origins less strictly, and browsers write each in one way.
func (a *WebAuthn) elsewhere(c protocol.CollectedClientData) error {
	if c.Origin != a.origin || c.CrossOrigin || c.TopOrigin != "" {
		return errors.New("login: the passkey was asked for by another site")
	}
	return nil
}

// transports are those that the standard names; a browser could say anything.
// Web Authentication Level 3 §5.8.4.
func transports(said []protocol.AuthenticatorTransport) []string {
	var all []string
	for _, t := range []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"} {
		if slices.Contains(said, protocol.AuthenticatorTransport(t)) {
			all = append(all, t)
		}
	}
	return all
}

// wrongly is the library's constant sentence, without what it quotes.
func wrongly(err error) error {
	var said *protocol.Error
	if errors.As(err, &said) && said.Details != "" {
		return errors.New("login: " + said.Details)
	}
	return errors.New("login: the answer cannot be read")
}
