package authserver_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/store"
)

// A whole connection, and whatever can go wrong on its way, with secrets that
// would be recognised: none of them is in a row of the flow trace, as it was sent
// or escaped.
func TestNoFlowHoldsASecret(t *testing.T) {
	s := newScene(t, usual()).listen()
	for _, line := range strings.Split(connectionWithSecrets, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := s.perform(line); err != nil {
			t.Fatalf("%s\n\t%v\n\tthe last answer was %s", line, err, s.last)
		}
	}
	for _, secret := range []string{"wrong-password-of-ada", "state-of-the-client", "private.example", "key-in-a-query", "address-of-the-answer"} {
		s.secrets[secret] = true
	}
	s.flows.Flush(t.Context())
	rows, err := s.store.Flows(t.Context(), store.Flow{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if s.flows.Dropped() != 0 || len(rows) < 10 {
		t.Fatalf("%d flows were kept, and %d steps were not", len(rows), s.flows.Dropped())
	}
	searched := 0
	for secret := range s.secrets {
		if len(secret) < 8 {
			continue
		}
		searched++
		for _, row := range rows {
			if text := fmt.Sprintf("%+v", row); strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
				t.Errorf("%.16s… is in %s", secret, text)
			}
		}
	}
	if searched < 25 {
		t.Errorf("the story had %d secrets only", searched)
	}
	for _, row := range rows {
		for _, address := range []string{"203.0.113.9", "198.51.100.7", "Mozilla"} {
			if strings.Contains(fmt.Sprintf("%+v", row), address) {
				t.Errorf("%s is in %+v", address, row)
			}
		}
	}
}

const connectionWithSecrets = `
	person ada
	client secretive https://secretive.example/address-of-the-answer secret
	publish /client.json {"client_id":"$vendor/client.json","client_name":"A","redirect_uris":["https://assistant.example/callback"],"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_methods_supported":["none","private_key_jwt"],"jwks_uri":"$vendor/keys.json"}
	publish-keys /keys.json ec:ES256

	from 198.51.100.7
	header User-Agent Claude-User/1.0
	GET /.well-known/oauth-protected-resource/mcp
	header User-Agent Claude-User/1.0
	GET /.well-known/oauth-authorization-server?key=key-in-a-query
	header User-Agent Claude-User/1.0
	register {"client_name":"Claude","redirect_uris":["https://claude.ai/api/mcp/auth_callback"],"token_endpoint_auth_method":"client_secret_post"}
	save claude json client_id
	save secret json client_secret
	from 203.0.113.9
	header User-Agent Mozilla/5.0
	GET /oauth/authorize client_id=$claude redirect_uri=https://claude.ai/api/mcp/auth_callback response_type=code code_challenge=$s256.a code_challenge_method=S256 resource=$issuer/mcp state=state-of-the-client login_hint=ada@private.example
	sign-in ada wrong-password-of-ada
	sign-in ada
	allow
	save code location code
	from 198.51.100.7
	POST /oauth/token grant_type=authorization_code client_id=$claude client_secret=$secret code=$code code_verifier=$v.wrong
	POST /oauth/token grant_type=authorization_code client_id=$claude client_secret=$v.not-the-secret code=$code code_verifier=$v.a
	POST /oauth/token grant_type=authorization_code client_id=$claude client_secret=$secret code=$code code_verifier=$v.a
	status 200
	save access json access_token
	save refresh json refresh_token
	POST /oauth/token grant_type=refresh_token client_id=$claude client_secret=$secret refresh_token=$refresh
	status 200
	save refresh json refresh_token
	POST /oauth/token grant_type=refresh_token client_id=$claude client_secret=$secret refresh_token=$refresh
	POST /oauth/token grant_type=authorization_code client_id=$claude client_secret=$secret code=$code code_verifier=$v.a

	code c client=$vendor/client.json verifier=b redirect_uri=https://assistant.example/callback state=state-of-the-client
	assert a key=ec:ES256 client=$vendor/client.json
	POST /oauth/token grant_type=authorization_code client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer client_assertion=$a client_id=$vendor/client.json code=$c code_verifier=$v.b
	status 200
	save other json refresh_token
	POST /oauth/token grant_type=refresh_token client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer client_assertion=$a client_id=$vendor/client.json refresh_token=$other
	status 401

	basic secretive $secretive.secret
	POST /oauth/token grant_type=refresh_token refresh_token=$refresh
	header Authorization Bearer $access
	POST /oauth/token grant_type=refresh_token refresh_token=$refresh
	POST /oauth/token?refresh_token=$refresh&client_secret=$secretive.secret
	GET /oauth/authorize client_id=$refresh redirect_uri=https://x.example/$code
	wait 11m
	GET /oauth/authorize client_id=$claude redirect_uri=https://claude.ai/api/mcp/auth_callback response_type=$access scope=$refresh state=state-of-the-client
	GET /oauth/authorize client_id=$claude redirect_uri=https://claude.ai/api/mcp/auth_callback response_type=code code_challenge=$s256.c code_challenge_method=S256 scope=$refresh state=state-of-the-client
	GET /oauth/authorize client_id=$claude redirect_uri=https://claude.ai/api/mcp/auth_callback response_type=code code_challenge=$s256.d code_challenge_method=S256 resource=$issuer/$code?key=key-in-a-query
	GET /oauth/authorize client_id=$claude redirect_uri=https://claude.ai/api/mcp/auth_callback response_type=code code_challenge=$s256.e code_challenge_method=S256 resource=https://ada:$v.x@as.example/mcp
	GET /oauth/authorize client_id=secretive redirect_uri=https://evil.example/$secretive.secret?code=$code
	register {"redirect_uris":["https://x.example/$code"],"client_name":"$refresh","client_uri":"https://x.example/$secretive.secret"}
	register {"redirect_uris":["$refresh://x"],"client_name":"$access"}
	body {"refresh_token":"$refresh"
	POST /oauth/token
	header User-Agent $refresh
	header Referer https://as.example/consent?ix=$code
	GET /.well-known/openid-configuration
	header Cookie a=$access
	GET /login ix=$refresh
	browser two
	GET /oauth/authorize client_id=secretive response_type=code code_challenge=$s256.f code_challenge_method=S256 state=state-of-the-client
	sign-in ada
	deny
`
