package e2e

import (
	"slices"
	"strings"
	"testing"
)

func TestAStrictOAuthClientFindsNothingWrong(t *testing.T) {
	node.or(t)
	for _, method := range []string{"none", "client_secret_basic", "client_secret_post"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "")
			j := d.travel(d.visitor(), "oauth4webapi.mjs", method)

			var registered struct {
				Method string
				Secret bool
			}
			j.into("registered", &registered)
			if registered.Method != method || registered.Secret != (method != "none") {
				t.Errorf("registered as %+v", registered)
			}
			if got := j.text("denied"); got != "access_denied" {
				t.Errorf("a person who says no gives %q", got)
			}
			checkStrictTokens(t, d, j)
			checkChallenges(t, j)
			for _, step := range []string{"whoami", "whoami after restart"} {
				if got := j.text(step); !strings.Contains(got, username) {
					t.Errorf("%s says %q", step, got)
				}
			}
			if got := j.text("acted"); !strings.Contains(got, "Done: [x]") {
				t.Errorf("acted: %q", got)
			}
		})
	}
}

func checkStrictTokens(t *testing.T, d *door, j traveller) {
	t.Helper()
	var tokens struct {
		Type, Scope string
		Lasts       int
		Refresh     bool
	}
	j.into("tokens", &tokens)
	if !strings.EqualFold(tokens.Type, "bearer") || tokens.Scope != "demo:read" || tokens.Lasts != 3600 || !tokens.Refresh {
		t.Errorf("tokens: %+v", tokens)
	}
	var claims struct {
		Claims struct {
			Iss, Sub, Jti, Scope string
			Aud                  any
			ClientID             string `json:"client_id"`
		}
		Client string
	}
	j.into("claims", &claims)
	c := claims.Claims
	if c.Iss != d.URL || c.Aud != d.MCP || c.ClientID != claims.Client || c.Scope != "demo:read" || c.Sub == "" || c.Jti == "" {
		t.Errorf("claims: %+v", claims)
	}
	var twice struct{ Rotated, Same bool }
	j.into("refreshed twice with one token", &twice)
	if !twice.Rotated || !twice.Same {
		t.Errorf("one refresh token used twice: %+v, want one successor", twice)
	}
	var dead struct {
		Error  string
		Status int
	}
	j.into("refresh after revocation", &dead)
	if dead.Error != "invalid_grant" || dead.Status != 400 {
		t.Errorf("a refresh after revocation gives %+v", dead)
	}
}

func checkChallenges(t *testing.T, j traveller) {
	t.Helper()
	for step, want := range map[string]struct {
		status       int
		error, scope string
	}{
		"without a token":       {401, "", "demo:read"},
		"without the scope":     {403, "insufficient_scope", "demo:write"},
		"call after revocation": {401, "invalid_token", ""},
	} {
		var got struct {
			Status       int
			Error, Scope string
			Metadata     string `json:"resource_metadata"`
		}
		j.into(step, &got)
		if got.Status != want.status || got.Error != want.error || got.Metadata == "" {
			t.Errorf("%s: %+v, want %+v", step, got, want)
		}
		if want.scope != "" && !slices.Contains(strings.Fields(got.Scope), want.scope) {
			t.Errorf("%s: the challenge asks for %q, want %s", step, got.Scope, want.scope)
		}
	}
}
