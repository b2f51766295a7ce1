package login

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-dev/sallyport/oauth"
)

// discovered is what the provider's metadata say. OpenID Connect Discovery §3.
type discovered struct {
	endpoint oauth2.Endpoint
	userInfo string // empty: there is none
	keys     *upstreamKeys
	sendsIss bool // RFC 9207 §3
}

const (
	discoveryAge = time.Hour
	// discoveryPace is how long older metadata serve when newer ones cannot be had,
	// before they are asked for again: people would wait for that each time.
	discoveryPace = time.Minute
)

// discover returns the provider's metadata, which are read once an hour. Those who
// come meanwhile wait for the same answer: one after the other they would wait for
// as long as all of them together.
func (o *OIDC) discover(ctx context.Context) (*discovered, error) {
	o.mu.Lock()
	found, until := o.found, o.until
	o.mu.Unlock()
	if found != nil && o.Now().Before(until) {
		return found, nil
	}
	flight := o.flights.DoChan("", func() (any, error) { return o.look(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, trouble(atMetadata, ctx.Err())
	case landed := <-flight:
		found, _ := landed.Val.(*discovered)
		return found, landed.Err
	}
}

// look reads the metadata. Old ones are better than nobody signing in.
func (o *OIDC) look(ctx context.Context) (*discovered, error) {
	newer, err := o.metadata(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err != nil && o.found == nil:
		return nil, trouble(atMetadata, err)
	case err != nil:
		o.until = o.Now().Add(discoveryPace)
		return o.found, nil
	}
	if o.found != nil && o.found.keys.address == newer.keys.address {
		newer.keys = o.found.keys // with its pace
	}
	o.found, o.until = newer, o.Now().Add(discoveryAge)
	return newer, nil
}

func (o *OIDC) metadata(ctx context.Context) (*discovered, error) {
	var said struct {
		Issuer        string   `json:"issuer"`
		Authorization string   `json:"authorization_endpoint"`
		Token         string   `json:"token_endpoint"`
		UserInfo      string   `json:"userinfo_endpoint"`
		Keys          string   `json:"jwks_uri"`
		SendsIss      bool     `json:"authorization_response_iss_parameter_supported"`
		Methods       []string `json:"token_endpoint_auth_methods_supported"`
	}
	// OpenID Connect Discovery §4.1: a terminating slash "MUST be removed before
	// appending /.well-known/openid-configuration".
	if err := getJSON(ctx, o.client, trimSlash(o.Issuer)+"/.well-known/openid-configuration", "", &said); err != nil {
		return nil, err
	}
	elsewhere := func(how string) error {
		return refuseUpstream(oauth.AccessDenied, upstreamElsewhere, fmt.Errorf("login: %s: %s", atMetadata, how))
	}
	switch {
	// §4.3: "The issuer value returned MUST be identical to the Issuer URL that was
	// used as the prefix to /.well-known/openid-configuration".
	case said.Issuer != o.Issuer:
		return nil, elsewhere(fmt.Sprintf("they are of the issuer %.200q; issuer in the settings has to be the same, slash for slash", said.Issuer))
	case said.Authorization == "", said.Token == "", said.Keys == "":
		return nil, elsewhere("authorization_endpoint, token_endpoint or jwks_uri is missing")
	}
	found := &discovered{userInfo: said.UserInfo, sendsIss: said.SendsIss, keys: newUpstreamKeys(said.Keys, o.client, o.Now)}
	// Trying one way and then the other would spend the code on the first.
	found.endpoint = oauth2.Endpoint{AuthURL: said.Authorization, TokenURL: said.Token, AuthStyle: oauth2.AuthStyleInHeader}
	if len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") || o.ClientSecret == "" {
		found.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return found, nil
}

func trimSlash(s string) string {
	if n := len(s); n > 0 && s[n-1] == '/' {
		return s[:n-1]
	}
	return s
}
