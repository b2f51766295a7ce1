package authserver_test

import "testing"

// What a client that was removed holds is worth nothing from that moment on, also
// where the server has just seen the client, and where it registers anew and
// gets the id that its registration always has.
func TestACodeOfARemovedClientIsNeverRedeemed(t *testing.T) {
	const registration = `{"redirect_uris":["https://gone.example/cb"],"token_endpoint_auth_method":"none"}`
	for name, anew := range map[string]bool{"at the same moment": false, "registered anew": true} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, usual()).listen()
			play := func(lines ...string) {
				t.Helper()
				for _, line := range lines {
					if err := s.perform(line); err != nil {
						t.Fatal(line, err, s.last)
					}
				}
			}
			play("person ada", "register "+registration, "save gone json client_id", "code c client=$gone verifier=a")
			if err := s.store.RemoveClient(t.Context(), s.vars["gone"]); err != nil {
				t.Fatal(err)
			}
			refused := "status 401"
			if anew {
				play("wait 2s", "register "+registration, "json client_id $gone")
				refused = "status 400"
			}
			play("POST /oauth/token grant_type=authorization_code client_id=$gone code=$c code_verifier=$v.a", refused, "grants 0")
			if anew {
				play("tokens t client=$gone", "grants 1")
			}
		})
	}
}
