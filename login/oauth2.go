package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/sallyport-dev/sallyport/oauth"
)

// OAuth2Options say which OAuth 2.0 server, that is no OpenID provider, signs
// people in, and where in its answers a person is found.
type OAuth2Options struct {
	// Issuer is the name under which its people are remembered. It never changes.
	Issuer           string
	AuthorizationURL string
	TokenURL         string
	UserURL          string // what it says of the person whose token is presented
	ClientID         string
	ClientSecret     oauth.Secret
	Scopes           []string
	Fields           Fields
	Parameters       map[string]string // added to the authorization request
	InBody           bool              // it wants the client's secret in the body
	Dialect          Dialect
	Transport        http.RoundTripper // nil: the default one
}

// Fields are members of the user's JSON, a dot between a member and one inside
// it: "user.id". Empty: id, login, name, email and email_verified. Subject may be
// several with spaces between them, where only together they are one person's.
// Groups is a text or a list of texts; empty: there are none.
type Fields struct{ Subject, Username, FullName, Email, EmailVerified, Groups string }

// OAuth2 signs people in with an OAuth 2.0 server. RFC 6749 §4.1, RFC 7636.
type OAuth2 struct {
	OAuth2Options
	client *http.Client
	// suggest is the parameter, with its value, that suggests who signs in; nil: there
	// is none.
	suggest func(hint string) map[string]string
	// add completes what the user's JSON does not say; nil: it says all.
	add func(ctx context.Context, bearer string, p *Profile) error
}

// NewOAuth2 makes one.
func NewOAuth2(o OAuth2Options) *OAuth2 {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	for _, field := range []struct {
		name  *string
		usual string
	}{{&o.Fields.Subject, "id"}, {&o.Fields.Username, "login"}, {&o.Fields.FullName, "name"}, {&o.Fields.Email, "email"}, {&o.Fields.EmailVerified, "email_verified"}} {
		if *field.name == "" {
			*field.name = field.usual
		}
	}
	return &OAuth2{OAuth2Options: o, client: o.Dialect.speaking(upstreamClient(o.Transport), o.TokenURL)}
}

func (o *OAuth2) config(d Departure) *oauth2.Config {
	style := oauth2.AuthStyleInHeader
	if o.InBody {
		style = oauth2.AuthStyleInParams
	}
	scopes, _ := o.Dialect.asked(d.scopes(o.Scopes))
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: string(o.ClientSecret), RedirectURL: d.RedirectURI, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: o.AuthorizationURL, TokenURL: o.TokenURL, AuthStyle: style}}
}

// Leave returns where the person's browser goes. RFC 6749 §4.1.1.
func (o *OAuth2) Leave(_ context.Context, d Departure) (string, error) {
	_, asked := o.Dialect.asked(d.scopes(o.Scopes))
	more := append(parameters(o.Parameters), oauth2.S256ChallengeOption(d.Verifier))
	more = append(more, asked...)
	if o.suggest != nil {
		more = append(more, parameters(o.suggest(d.Hint))...)
	}
	return o.config(d).AuthCodeURL(d.State, more...), nil
}

// Return makes the answer that the browser brought into a person. Its errors are
// refusals that a person may read.
func (o *OAuth2) Return(ctx context.Context, d Departure, answer url.Values) (Profile, error) {
	code, err := answered(answer, o.names, false)
	if err != nil {
		return Profile{}, err
	}
	tokens, err := o.config(d).Exchange(context.WithValue(ctx, oauth2.HTTPClient, o.client), code, oauth2.VerifierOption(d.Verifier))
	if err != nil {
		return Profile{}, exchangeFailed(err)
	}
	p, err := o.holder(ctx, tokens.AccessToken)
	if err != nil {
		return Profile{}, trouble(atUser, err)
	}
	p.Tokens = o.Dialect.lasting(tokensOf(tokens))
	return p, nil
}

// holder is whose an access token is.
func (o *OAuth2) holder(ctx context.Context, access string) (Profile, error) {
	var user map[string]json.RawMessage
	if err := getJSON(ctx, o.client, o.UserURL, access, &user); err != nil {
		return Profile{}, err
	}
	p := Profile{Identity: oauth.Identity{Issuer: o.Issuer, Subject: joint(user, o.Fields.Subject)},
		Username: scalar(user, o.Fields.Username), FullName: scalar(user, o.Fields.FullName), Groups: list(user, o.Fields.Groups),
		AllAddresses: plainText(member(user, o.Fields.Email)), Unasked: o.unheard(user)}
	p.says(scalar(user, o.Fields.Email), scalar(user, o.Fields.EmailVerified) == "true")
	if p.Subject == "" && tokenEnded(scalar(user, "error")) {
		return Profile{}, errTokenEnded
	}
	if p.Subject == "" || len(p.Subject) > 255 {
		return Profile{}, refuseUpstream(oauth.AccessDenied, upstreamWrong, errors.New("login: the user's JSON has no subject at "+o.Fields.Subject))
	}
	if p.Name = p.Username; p.Name == "" {
		p.Name = p.Email
	}
	if o.add == nil {
		return p, nil
	}
	err := o.add(ctx, access, &p)
	return p, err
}

// unheard reports whether a user without groups is not one who has none.
func (o *OAuth2) unheard(user map[string]json.RawMessage) bool {
	said := member(user, o.Fields.Groups)
	return o.Fields.Groups == "" || said != nil && scalar(user, o.Fields.Groups) == "" && texts(said) == nil
}

// Authority is the issuer of everybody whom Return makes.
func (o *OAuth2) Authority() string { return o.Issuer }

// names reports whether iss may be the server's. It publishes no issuer that could
// be compared, and Issuer is what we call it; so what counts is that the name is at
// the place where people were sent.
func (o *OAuth2) names(iss string) bool {
	said, err := url.Parse(iss)
	sent, err2 := url.Parse(o.AuthorizationURL)
	return iss == o.Issuer || err == nil && err2 == nil && said.Scheme == sent.Scheme && said.Host == sent.Host
}

// joint are the scalars at several paths, all of them, or nothing.
func joint(object map[string]json.RawMessage, paths string) string {
	var all []string
	for path := range strings.FieldsSeq(paths) {
		s := scalar(object, path)
		if s == "" {
			return ""
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// list is a list of texts in an object by its path, or a scalar as one.
func list(object map[string]json.RawMessage, path string) []string {
	if s := scalar(object, path); s != "" {
		return []string{s}
	}
	return texts(member(object, path))
}

// scalar is a text, a number or a truth value in an object, by its path.
func scalar(object map[string]json.RawMessage, path string) string {
	raw := member(object, path)
	if s := text(raw); s != "" {
		return s
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil && number != "" {
		return number.String()
	}
	var truth bool
	if json.Unmarshal(raw, &truth) == nil && truth {
		return "true"
	}
	return ""
}

// member is the member of an object of that name, or, with a dot between a member and
// one inside it, by that way. Some claims have names with dots: they are URLs.
func member(object map[string]json.RawMessage, path string) json.RawMessage {
	if raw, ok := object[path]; ok {
		return raw
	}
	name, rest, deeper := strings.Cut(path, ".")
	var inner map[string]json.RawMessage
	if !deeper || json.Unmarshal(object[name], &inner) != nil {
		return nil
	}
	return member(inner, rest)
}
