package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A program that an administrator added reads the flow trace, as far as the
// administrator lets it; a client that registered itself is let nowhere.
func TestAnAdministratorsProgramReadsTheFlowTrace(t *testing.T) {
	d := newDoor(t, "")
	const back = "https://tool.example/callback"
	d.run("", "clients", "add", "Watcher", "--client-id", "watcher", "--redirect-uri", back, "--scope", "flows:read")
	tool := client{ID: "watcher", site: d.URL, resource: d.URL + "/api/v1", redirect: back}
	tokens := tool.tokens(t, d.visitor(), "")
	if tokens.Scope != "flows:read" {
		t.Errorf("the scope is %q", tokens.Scope)
	}
	renewed, err := tool.refresh(t.Context(), tokens.RefreshToken)
	if err != nil || renewed.Status != http.StatusOK {
		t.Fatalf("refreshing: %+v, %v", renewed, err)
	}
	if works, err := d.works(t.Context(), renewed.AccessToken); err != nil || works {
		t.Errorf("the token works at the MCP server: %v, %v", works, err)
	}

	var listed struct {
		Flows []struct{ ID, Result, Username, Resource string }
	}
	d.awaitAPI(t, renewed.AccessToken, "/api/v1/flows?username="+username, &listed, func() bool {
		return len(listed.Flows) == 1 && listed.Flows[0].Resource == tool.resource
	})
	var shown struct {
		Said  string
		Steps []struct{ Step string }
		Grant struct{ Refreshed int }
	}
	if status, body := d.api(t, renewed.AccessToken, "/api/v1/flows/"+listed.Flows[0].ID, &shown); status != http.StatusOK || len(shown.Steps) < 5 || shown.Grant.Refreshed != 1 {
		t.Errorf("the flow is %d %s", status, body)
	}

	self := d.register(t, back, "none")
	if status, body := d.api(t, self.tokens(t, d.visitor(), "").AccessToken, "/api/v1/flows", nil); status != http.StatusUnauthorized {
		t.Errorf("a token for the MCP server gets %d %s", status, body)
	}
	self.resource = tool.resource
	back2, err := d.visitor().Allow(t.Context(), self.authorization("").url)
	if err == nil {
		t.Errorf("a client that registered itself is let at the API: %s", back2)
	}

	d.run("", "users", "disable", username)
	if status, body := d.api(t, renewed.AccessToken, "/api/v1/flows", nil); status != http.StatusUnauthorized || strings.Contains(body, "flows\":") {
		t.Errorf("who was disabled gets %d %s", status, body)
	}
}

// api asks the administration API, and reads its answer into what is given.
func (d *door) api(t *testing.T, accessToken, path string, into any) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	res, err := oneShot.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", path, err, body)
	}
	return res.StatusCode, string(body)
}

// awaitAPI asks until the answer is as it should be: the flow trace is written
// behind what it tells of.
func (d *door) awaitAPI(t *testing.T, accessToken, path string, into any, good func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		status, body := d.api(t, accessToken, path, into)
		if good() {
			return
		}
		select {
		case <-late:
			t.Fatalf("%s is still %d %s", path, status, body)
		case <-tick.C:
		}
	}
}
