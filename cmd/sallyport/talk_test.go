package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

func get(address string, header http.Header) (int, string, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return do(req)
}

// direct goes where it is sent and no further.
var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func do(req *http.Request) (int, string, error) {
	res, err := direct.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, string(body), err
}

// post sends a form and reads JSON.
func post(address string, form url.Values, into any) error {
	res, err := http.PostForm(address, form)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s answers %s: %s", address, res.Status, body)
	}
	return errors.Join(err, json.Unmarshal(body, into))
}

// fetch gets a page, which has to answer with a status.
func fetch(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "fetch STATUS URL [NAME:VALUE...]")
	header := http.Header{}
	for _, field := range args[2:] {
		name, value, _ := strings.Cut(field, ":")
		header.Add(name, value)
	}
	status, body, err := get(args[1], header)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), body)
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("%s answers %d, not %s: %s", args[1], status, args[0], body)
	}
}

// until gets a page again and again until it says something.
func until(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "until URL TEXT")
	var body string
	eventually(ts, func() error {
		var err error
		if _, body, err = get(args[0], nil); err == nil && !strings.Contains(body, args[1]) {
			err = fmt.Errorf("%s says %s", args[0], body)
		}
		return err
	})
	fmt.Fprint(ts.Stdout(), body)
}

// allow registers a client, has a person allow it, and keeps NAME_client,
// NAME_access and NAME_refresh.
func allow(ts *script, _ bool, args []string) {
	wants(ts, args, 3, "allow NAME SITE USERNAME")
	name, site := args[0], args[1]
	var client struct {
		ID string `json:"client_id"`
	}
	res, err := http.Post(site+"/oauth/register", "application/json", strings.NewReader(
		`{"client_name":"`+name+`","redirect_uris":["http://127.0.0.1:1/`+name+`"],"token_endpoint_auth_method":"none"}`))
	ts.Check(err)
	defer res.Body.Close()
	ts.Check(json.NewDecoder(res.Body).Decode(&client))
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	who, err := person.New(site, args[2], ts.Getenv("PASSWORD"))
	ts.Check(err)
	back, err := who.Allow(context.Background(), site+"/oauth/authorize?"+url.Values{
		"response_type": {"code"}, "client_id": {client.ID}, "redirect_uri": {"http://127.0.0.1:1/" + name},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	ts.Check(err)
	ts.Setenv(name+"_client", client.ID)
	keep(ts, name, site, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client.ID}, "code": {back.Query().Get("code")}, "code_verifier": {verifier}})
}

// agree has a person allow what a client asks at an address, and brings the
// answer to where the client listens.
func agree(ts *script, _ bool, args []string) {
	wants(ts, args, 3, "agree SITE USERNAME ADDRESS")
	who, err := person.New(args[0], args[1], ts.Getenv("PASSWORD"))
	ts.Check(err)
	back, err := who.Allow(context.Background(), args[2])
	ts.Check(err)
	_, err = who.Deliver(context.Background(), back)
	ts.Check(err)
}

// refresh has a client of allow refresh its tokens; with !, in vain.
func refresh(ts *script, neg bool, args []string) {
	wants(ts, args, 2, "[!] refresh NAME SITE")
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {ts.Getenv(args[0] + "_client")}, "refresh_token": {ts.Getenv(args[0] + "_refresh")}}
	if !neg {
		keep(ts, args[0], args[1], form)
		return
	}
	var answer map[string]any
	if err := post(args[1]+"/oauth/token", form, &answer); err == nil {
		ts.Fatalf("it was refreshed")
	}
}

func keep(ts *script, name, site string, form url.Values) {
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	ts.Check(post(site+"/oauth/token", form, &tokens))
	ts.Setenv(name+"_access", tokens.Access)
	ts.Setenv(name+"_refresh", tokens.Refresh)
}

// call opens a session with an MCP server and calls a tool.
func call(ts *script, _ bool, args []string) {
	wants(ts, args, 3, "call URL TOKEN TOOL")
	const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"script","version":"1"}}}`
	answer, body, err := speak(args[0], args[1], "", initialize)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("initialize: %s: %s", answer.Status, body)
	}
	session := answer.Header.Get("Mcp-Session-Id")
	_, _, err = speak(args[0], args[1], session, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	ts.Check(err)
	_, body, err = speak(args[0], args[1], session, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"`+args[2]+`","arguments":{}}}`)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), body)
}

// refused waits until a token is refused.
func refused(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "refused URL TOKEN")
	eventually(ts, func() error {
		answer, body, err := speak(args[0], args[1], "", `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
		if err == nil && (answer.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "invalid_token")) {
			err = fmt.Errorf("%s: %s", answer.Status, body)
		}
		return err
	})
}

func speak(address, token, session, message string) (*http.Response, string, error) {
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(message))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
		req.Header.Set("Mcp-Protocol-Version", "2025-06-18")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res, string(body), err
}

// introspect asks about a token as a client with a secret.
func introspect(ts *script, _ bool, args []string) {
	wants(ts, args, 4, "introspect SITE CLIENT SECRET TOKEN")
	req, err := http.NewRequest(http.MethodPost, args[0]+"/oauth/introspect", strings.NewReader(url.Values{"token": {args[3]}}.Encode()))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(args[1]), url.QueryEscape(args[2]))
	status, body, err := do(req)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s", status, body)
}

// upstream is an MCP server that answers everything with the headers it was
// sent, at the URL that the variable is set to.
func upstream(ts *script, _ bool, args []string) {
	wants(ts, args, 1, "upstream NAME")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			ID json.RawMessage `json:"id"`
		}
		body, _ := io.ReadAll(r.Body) // what cannot be read has no id
		if json.Unmarshal(body, &message) != nil || message.ID == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		var headers bytes.Buffer
		_ = json.NewEncoder(&headers).Encode(r.Header) // a map of texts
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":{"headers":%s}}`, message.ID, headers.String())
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL+"/mcp")
}

func migratedByALaterProgram(path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.Exec(`INSERT INTO schema_versions (version) VALUES (9999)`)
	return errors.Join(err, db.Close())
}
