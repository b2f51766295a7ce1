package authserver_test

import (
	"testing"
	"time"
)

// Anyone can publish a document and keys of their own. What they sign leads to no
// grant, and is not remembered: the table of assertions is not theirs to fill.
// Covers A19 A22.
func TestStrangersLeaveNoAssertionsBehind(t *testing.T) {
	s := newScene(t, usual()).listen()
	const proof = "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer client_assertion=$a"
	perform := func(lines ...string) {
		t.Helper()
		for _, line := range lines {
			if err := s.perform(line); err != nil {
				t.Fatal(line, err)
			}
		}
	}
	assertions := func() int64 {
		t.Helper()
		s.clock.advance(25 * time.Hour)
		removed, err := s.store.Prune(t.Context(), s.clock.Now().Add(-90*24*time.Hour), 1000)
		if err != nil {
			t.Fatal(err)
		}
		return removed.Assertions
	}
	perform("person ada",
		`publish /client.json {"client_id":"$vendor/client.json","client_name":"A","redirect_uris":["https://assistant.example/callback"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"$vendor/keys.json"}`,
		"publish-keys /keys.json k:ES256")
	for _, request := range []string{
		"POST /oauth/token grant_type=authorization_code code=x code_verifier=x ",
		"POST /oauth/token grant_type=refresh_token refresh_token=x ",
		"POST /oauth/token grant_type=password ",
		"POST /oauth/token ",
		"POST /oauth/revoke token=x ",
		"POST /oauth/introspect token=x ",
	} {
		perform("assert a key=k:ES256 client=$vendor/client.json exp=23h", request+proof)
		if s.last.status == 401 {
			t.Errorf("%s: %s", request, s.last)
		}
	}
	if n := assertions(); n != 0 {
		t.Errorf("strangers left %d assertions behind", n)
	}

	// Whoever has something of a person's spends theirs.
	perform("code c client=$vendor/client.json verifier=a redirect_uri=https://assistant.example/callback",
		"assert a key=k:ES256 client=$vendor/client.json",
		"POST /oauth/token grant_type=authorization_code code=$c code_verifier=$v.a "+proof, "status 200",
		"save refresh json refresh_token", "save access json access_token",
		"POST /oauth/token grant_type=refresh_token refresh_token=$refresh "+proof, "status 401",
		"assert a key=k:ES256 client=$vendor/client.json",
		"POST /oauth/introspect token=$access "+proof, "status 200", "json active true",
		"POST /oauth/introspect token=$access "+proof, "status 401",
		"assert a key=k:ES256 client=$vendor/client.json",
		"POST /oauth/token grant_type=refresh_token refresh_token=$refresh "+proof, "status 200",
		"POST /oauth/revoke token=$access "+proof, "status 401", "grants 1",
		"assert a key=k:ES256 client=$vendor/client.json",
		"POST /oauth/revoke token=$access "+proof, "status 200", "grants 0")
	if n := assertions(); n != 4 {
		t.Errorf("%d assertions are remembered, not four", n)
	}
}
