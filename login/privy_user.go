package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A privyLink is something by which a person signs in at Privy: an address, a
// wallet, a name elsewhere.
type privyLink struct {
	Type     string // email, wallet, google_oauth, …
	Address  string // of an email or a wallet
	Email    string // of somebody at Google, Apple and others
	Username string
	Name     string
	// When it was verified: lv in an identity token, and the others in the API.
	LV       json.RawMessage
	Verified json.RawMessage `json:"verified_at"`
	Latest   json.RawMessage `json:"latest_verified_at"`
}

// verified: what an operator imported has no time there.
func (l privyLink) verified() bool {
	for _, at := range []json.RawMessage{l.LV, l.Verified, l.Latest} {
		if at != nil && !slices.Contains([]string{"null", "0", `""`}, string(at)) {
			return true
		}
	}
	return false
}

// ErrGone says that an upstream does not know somebody any more.
var ErrGone = errors.New("login: the upstream has no such user any more")

// Known says who a user is now, without them, as [Privy.Return] would. The error is
// [ErrGone] where Privy knows the app and has no such user; errors.ErrUnsupported where
// the settings have no secret of the app; every other one is a refusal, and says
// nothing about them.
func (p *Privy) Known(ctx context.Context, did string) (Profile, error) {
	if p.Secret == "" {
		return Profile{}, errors.ErrUnsupported
	}
	linked, err := p.asks(ctx, did)
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusNotFound && p.isThere(ctx) {
		return Profile{}, ErrGone
	}
	if err != nil {
		return Profile{}, trouble(atUser, err)
	}
	return p.profile(did, linked), nil
}

// isThere reports whether the API is where the settings say, and knows the app. An
// address that is wrong, or a proxy before it, says of every user that there is none,
// and everybody would lose what they have.
func (p *Privy) isThere(ctx context.Context) bool {
	var set struct{ Keys []json.RawMessage }
	err := getJSON(ctx, p.asker, p.API+"/apps/"+url.PathEscape(p.ID)+"/jwks.json", "", &set)
	return err == nil && len(set.Keys) > 0
}

// linked is what is linked to a user: as the identity token says it, or else
// Privy's API.
func (p *Privy) linked(ctx context.Context, did, identity string) ([]privyLink, error) {
	var all []privyLink
	if identity != "" {
		c, err := p.verify(ctx, identity)
		switch {
		case err != nil:
			return nil, err
		case c.Subject != did:
			return nil, disbelieved("the identity token is of another user")
		case json.Unmarshal([]byte(c.Linked), &all) != nil:
			return nil, disbelieved("the identity token does not say what is linked")
		}
		return all, nil
	}
	if p.Secret == "" {
		return nil, nil
	}
	all, err := p.asks(ctx, did)
	if err != nil {
		return nil, trouble(atUser, err)
	}
	return all, nil
}

// asks is what Privy's API says is linked to a user.
func (p *Privy) asks(ctx context.Context, did string) ([]privyLink, error) {
	var user struct {
		ID     string
		Linked []privyLink `json:"linked_accounts"`
	}
	if err := getJSON(ctx, p.asker, p.API+"/users/"+url.PathEscape(did), "", &user); err != nil {
		return nil, err
	}
	if user.ID != did {
		return nil, disbelieved("the API speaks of another user")
	}
	return user.Linked, nil
}

// profile makes a person of a user. Only an address that Privy itself verified is
// one; what a person has at Google or Apple is linked by a name, and an address there is
// one to be denied by. linked is nil where nobody knows.
func (p *Privy) profile(did string, linked []privyLink) Profile {
	// A user of one app is another user in another one, also where the person is
	// the same.
	profile := Profile{Identity: oauth.Identity{Issuer: privyIssuer + "/" + p.ID, Subject: did}, AllAddresses: linked != nil, Unasked: linked == nil}
	var wallet string
	for _, l := range linked {
		profile.Groups = append(profile.Groups, l.Type)
		profile.says(l.Email, false)
		switch {
		case l.Type == "email":
			profile.says(l.Address, l.verified())
		case l.Type == "wallet" && l.Address != "":
			profile.Groups = append(profile.Groups, "wallet:"+l.Address)
			if wallet == "" {
				wallet = l.Address
			}
		}
		if profile.Username == "" {
			profile.Username = l.Username
		}
		if profile.FullName == "" {
			profile.FullName = l.Name
		}
	}
	if profile.Username == "" {
		profile.Username, _, _ = strings.Cut(profile.Email, "@")
	}
	profile.Username = cmp.Or(profile.Username, wallet)
	profile.Name = cmp.Or(profile.Email, profile.Username, did)
	return profile
}
