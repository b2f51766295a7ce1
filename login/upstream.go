package login

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Departure is a person's way to an upstream and back. It waits in their
// browser, sealed: whoever comes back without it did not leave from here.
type Departure struct {
	State       string // random; what the upstream brings back
	Nonce       string // random; OpenID Connect Core §3.1.2.1
	Verifier    string // RFC 7636 §4.1
	RedirectURI string // where the upstream sends the browser
	Hint        string // login_hint, of the client's request
	Again       bool   // the upstream is to ask for the password again, where it can
	Consent     bool   // the upstream is to ask for the permissions again, where it can

	// Scopes are asked for besides those of the way itself.
	Scopes []string
}

// scopes are what is asked for: those of the way and of this departure, each once.
func (d Departure) scopes(ways ...[]string) (all []string) {
	for _, s := range slices.Concat(append(ways, d.Scopes)...) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// A Profile is what an upstream says of a person.
type Profile struct {
	oauth.Identity
	Username string // what they are called there
	FullName string
	// Email is one that the upstream says it has verified; empty otherwise.
	Email string
	// Others are further addresses that it says are theirs, verified or not: by one of
	// them somebody is denied, and never allowed.
	Others []string
	// AllAddresses says that the upstream was asked for them, and these are all.
	AllAddresses bool
	// Groups are groups, organizations and teams, as the upstream names them.
	Groups []string
	// Unasked says that nobody asked for the groups, or that these are not all of them.
	Unasked bool
	// Hosted is the Workspace domain that Google vouches for; empty: none.
	Hosted string
	// Asked is when the upstream last asked who they are; zero: it does not say.
	Asked time.Time
	// Proof is what proved it, where that is a token which could prove it again.
	Proof Proof
	// Tokens are the person's own, as they came with the answer.
	Tokens oauth.UpstreamTokens
}

// A Proof is a token that is taken once. The zero Proof is of an answer that an
// upstream gives only once anyway.
type Proof struct {
	ID      oauth.Digest
	Issued  time.Time
	Expires time.Time // from when on it is refused in any case
}

// Sentences that a person may read when they come back. The cause is in the log.
const (
	upstreamCancelled = "You said no there, or the sign-in was cancelled."
	upstreamRefused   = "The service that signs you in does not accept this server. Whoever runs this server has to look at its settings."
	upstreamElsewhere = "The service that signs you in is not where this server looks for it. Whoever runs this server has to look at its settings."
	upstreamSilent    = "The service that signs you in does not answer now. Try again in a moment."
	upstreamSlow      = "The service that signs you in takes too long to answer. Try again in a moment."
	upstreamWrong     = "The service that signs you in gave an answer that cannot be believed."
	notWelcome        = "You are signed in there, but you may not come in here."
)

// answered reads the parameters that an upstream sent back, and returns the code.
// names reports whether an issuer is the upstream's; always, that it always says it.
//
// RFC 6749 §4.1.2.1: errors. RFC 9207 §2.4: "If the value does not match the
// expected issuer identifier, clients MUST reject the authorization response".
func answered(answer url.Values, names func(iss string) bool, always bool) (code string, err error) {
	if iss, sent := answer["iss"]; sent && (len(iss) != 1 || !names(iss[0])) || always && !sent {
		return "", refuseUpstream(oauth.AccessDenied, upstreamWrong, errors.New("login: the answer is of another issuer"))
	}
	switch failure := answer.Get("error"); {
	case failure == "":
	case failure == "access_denied", failure == "user_cancelled_login", failure == "consent_required", failure == "login_required", failure == "interaction_required":
		return "", refuseUpstream(oauth.AccessDenied, upstreamCancelled, errors.New("login: the upstream says access_denied or the like"))
	case failure == "temporarily_unavailable", failure == "server_error":
		return "", refuseUpstream(oauth.TemporarilyUnavailable, upstreamSilent, errors.New("login: the upstream says that it is down"))
	default:
		return "", refuseUpstream(oauth.AccessDenied, upstreamRefused, errors.New("login: the upstream refuses the authorization request: "+plain(failure)))
	}
	if codes := answer["code"]; len(codes) != 1 || codes[0] == "" {
		return "", refuseUpstream(oauth.AccessDenied, upstreamWrong, errors.New("login: the answer has no code, or several"))
	}
	return answer.Get("code"), nil
}

func refuseUpstream(code oauth.ErrorCode, sentence string, cause error) *oauth.Error {
	refusal := oauth.Refuse(code, sentence)
	if code == oauth.TemporarilyUnavailable {
		refusal.RetryAfter = 10
	}
	return refusal.Because(cause)
}

// plain is what a log can hold of an upstream's error code.
func plain(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' {
			return r
		}
		return '?'
	}, code[:min(len(code), 64)])
}

// says takes an address that the upstream says is theirs.
func (p *Profile) says(address string, verified bool) {
	switch {
	case address == "":
	case verified && p.Email == "":
		p.Email = address
	default:
		p.Others = append(p.Others, address)
	}
}

// Known is who somebody is there, with what decides whether they may come in.
func (p Profile) Known() oauth.Identity {
	i := p.Identity
	i.Standing = &oauth.Standing{Email: p.Email, Others: p.Others, AllAddresses: p.AllAddresses, Groups: p.Groups, Hosted: p.Hosted, Unasked: p.Unasked}
	return i
}

// Admission says who may come in. A zero Admission lets everyone in whom the
// upstream knows.
type Admission struct {
	Allow, Deny Guests
	Hosted      []string // the Workspace domains of which they have one; empty: any, and none
}

// Everyone says whether nobody is refused.
func (a Admission) Everyone() bool { return a.Allow.empty() && a.Deny.empty() && len(a.Hosted) == 0 }

// Guests are people, by any of what is known of them. Comparisons are without
// case. Allowed are verified addresses only, and denied are others, too: whom nobody
// could tell by an address that is not verified would come in.
type Guests struct {
	Emails  []string // whole addresses
	Domains []string // what stands behind the @
	Groups  []string // groups, organizations and teams
}

// Check is Recheck, of what is said of somebody now.
func (a Admission) Check(p Profile) error { return a.Recheck(*p.Known().Standing) }

// Recheck refuses who may not come in, by what was last said of them. What is denied is
// denied though it is allowed as well. Whose groups, or addresses, are not known is refused
// where somebody is denied by theirs.
func (a Admission) Recheck(s oauth.Standing) error {
	switch {
	case len(a.Hosted) > 0 && (s.Hosted == "" || !containsFold(a.Hosted, s.Hosted)):
		return refuseUpstream(oauth.AccessDenied, notWelcome, errors.New("login: the person is of no hosted domain of the settings"))
	case s.Unasked && len(a.Deny.Groups) > 0:
		return refuseUpstream(oauth.AccessDenied, notWelcome, errors.New("login: nobody has asked for all of the person's groups, and the settings deny some"))
	case !s.AllAddresses && len(a.Deny.Emails)+len(a.Deny.Domains) > 0:
		return refuseUpstream(oauth.AccessDenied, notWelcome, errors.New("login: nobody has asked for all of the person's addresses, and the settings deny some"))
	case a.Deny.group(s.Groups), a.Deny.address(s.Email), slices.ContainsFunc(s.Others, a.Deny.address):
		return refuseUpstream(oauth.AccessDenied, notWelcome, errors.New("login: the person is denied by the settings"))
	case !a.Allow.empty() && !a.Allow.group(s.Groups) && !a.Allow.address(s.Email):
		return refuseUpstream(oauth.AccessDenied, notWelcome, errors.New("login: the person is not among those whom the settings allow"))
	}
	return nil
}

func (g Guests) empty() bool { return len(g.Emails)+len(g.Domains)+len(g.Groups) == 0 }

func (g Guests) address(of string) bool {
	var domain string
	if at := strings.LastIndex(of, "@"); at >= 0 { // one more may stand in the quoted part before
		domain = of[at+1:]
	}
	return of != "" && containsFold(g.Emails, of) || domain != "" && containsFold(g.Domains, domain)
}

func (g Guests) group(of []string) bool {
	return slices.ContainsFunc(of, func(group string) bool { return containsFold(g.Groups, group) })
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, s) })
}

// Person makes a person of a profile. Their username is what they are called at
// the upstream, an @, and upstream, which is what it is called here. From the
// second try on, with try counting up from zero, it has a mark of the subject.
func (p Profile) Person(upstream string, try int) oauth.Person {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-+", r) {
			return r
		}
		return '-'
	}, fold(strings.TrimSpace(p.Username)))
	if try > 0 {
		sum := sha256.Sum256([]byte(p.Issuer + "\x00" + p.Subject))
		name += "-" + hex.EncodeToString(sum[:])[:4*(try+1)]
	}
	full := strings.TrimSpace(p.FullName)
	person := oauth.Person{ID: oauth.NewID("sp_u_"), Email: p.Email, Name: full}
	username, err := CanonicalUsername(name + "@" + upstream)
	if err != nil || p.Username == "" {
		sum := sha256.Sum256([]byte(p.Issuer + "\x00" + p.Subject))
		username = hex.EncodeToString(sum[:])[:16+4*try] + "@" + upstream
	}
	person.Username = username
	if person.Name == "" {
		person.Name = username
	}
	if checkPerson(person) != nil {
		person.Name, person.Email = username, ""
	}
	return person
}
