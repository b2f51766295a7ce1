package standin

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// This is what Privy's script asks for from a browser. No page of Privy's describes it;
// it is what @privy-io/js-sdk-core 0.76.2 sends and reads, as its types and those of
// @privy-io/api-types have it, and as that script, in a browser, takes it here.

// scripted serves what a browser asks.
func (p *Privy) scripted() {
	for path, h := range map[string]func(http.ResponseWriter, map[string]string){
		"passwordless/init": p.sendCode, "passwordless/authenticate": p.byEmail, "oauth/init": p.leaveFor, "oauth/authenticate": p.byService,
	} {
		at := Token
		if strings.HasSuffix(path, "/init") {
			at = Authorize
		}
		p.handle(at, "POST /api/v1/"+path, p.fromABrowser(h))
	}
	p.handle(Discovery, "GET /api/v1/apps/{app}", p.fromABrowser(p.app))
	p.mux.HandleFunc("POST /api/v1/analytics_events", func(w http.ResponseWriter, r *http.Request) {
		if p.crossOrigin(w, r) {
			w.WriteHeader(http.StatusNoContent)
		}
	})
	p.mux.HandleFunc("OPTIONS /api/v1/", func(w http.ResponseWriter, r *http.Request) {
		if p.crossOrigin(w, r) {
			w.WriteHeader(http.StatusNoContent)
		}
	})
	p.mux.HandleFunc("GET /standin/service", p.service)
}

// AllowOrigins says from which origins scripts may ask, at any time; before, and without
// any, from every one.
func (p *Privy) AllowOrigins(origins ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.origins = origins
}

// AskForCaptcha has the app ask scripts for a captcha, or not any more.
func (p *Privy) AskForCaptcha(ask bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.captcha = ask
}

// crossOrigin lets the pages of [Privy.AllowOrigins] ask, with cookies.
func (p *Privy) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	origin := r.Header.Get("Origin")
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	w.Header().Add("Vary", "Origin")
	if len(p.origins) > 0 && !slices.Contains(p.origins, origin) && r.Method != http.MethodOptions {
		answer(w, http.StatusForbidden, map[string]string{"error": "Origin not allowed", "code": "invalid_origin"})
		return false
	}
	return true
}

// fromABrowser reads what a script sends: JSON with texts, in the name of the app.
func (p *Privy) fromABrowser(h func(http.ResponseWriter, map[string]string)) func(http.ResponseWriter, *http.Request, Fault) {
	return func(w http.ResponseWriter, r *http.Request, _ Fault) {
		if !p.crossOrigin(w, r) {
			return
		}
		if r.Header.Get("Privy-App-Id") != p.client.ID {
			scriptRefuse(w, http.StatusBadRequest, "missing_or_invalid_privy_app_id", "Invalid Privy app id")
			return
		}
		said := map[string]any{}
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&said); err != nil {
				scriptRefuse(w, http.StatusBadRequest, "invalid_data", "Invalid input")
				return
			}
		}
		texts := map[string]string{}
		for name, value := range said {
			texts[name], _ = value.(string)
		}
		h(w, texts)
	}
}

func scriptRefuse(w http.ResponseWriter, status int, code, why string) {
	answer(w, status, map[string]string{"error": why, "code": code})
}

// app is what the dashboard says: which ways to sign in there are, and the rest that a
// script looks at.
func (p *Privy) app(w http.ResponseWriter, _ map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	said := map[string]any{"id": p.client.ID, "name": "Acme", "theme": "light", "custom_api_url": nil, "captcha_enabled": p.captcha,
		"allowed_domains": p.origins, "mfa_methods": []string{}, "email_auth": true, "wallet_auth": false, "sms_auth": false}
	for _, service := range []string{"google", "apple", "github", "twitter", "discord", "linkedin"} {
		said[service+"_oauth"] = slices.Contains(p.Through, service)
	}
	answer(w, http.StatusOK, said)
}

// Mail is the code that was last sent to an address; empty: none was.
func (p *Privy) Mail(address string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mails[strings.ToLower(address)]
}

func (p *Privy) sendCode(w http.ResponseWriter, said map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	address := strings.ToLower(said["email"])
	if !strings.Contains(address, "@") {
		scriptRefuse(w, http.StatusBadRequest, "invalid_data", "Invalid email address")
		return
	}
	random := make([]byte, 8)
	rand.Read(random)
	p.mails[address] = fmt.Sprintf("%06d", binary.BigEndian.Uint64(random)%1_000_000)
	answer(w, http.StatusOK, map[string]bool{"success": true})
}

// byEmail signs in whose address that is, or somebody new.
func (p *Privy) byEmail(w http.ResponseWriter, said map[string]string) {
	address := strings.ToLower(said["email"])
	p.mu.Lock()
	sent := p.mails[address]
	good := sent != "" && said["code"] == sent
	if good {
		delete(p.mails, address) // it is good once
	}
	p.mu.Unlock()
	if !good {
		scriptRefuse(w, http.StatusUnprocessableEntity, "invalid_credentials", "Invalid email and code combination")
		return
	}
	p.session(w, p.linkedBy("email", "address", address))
}

// linkedBy is who has linked something, or somebody new who has.
func (p *Privy) linkedBy(kind, member, value string) PrivyPerson {
	person, known := p.people.find(func(u PrivyPerson) bool {
		return slices.ContainsFunc(u.Linked, func(l map[string]any) bool { return l["type"] == kind && l[member] == value })
	})
	if !known {
		now := clock(p.Now)
		person = PrivyPerson{DID: "did:privy:" + text("cm", 23), Created: now,
			Linked: []map[string]any{{"type": kind, member: value, "verified_at": now.Unix(), "latest_verified_at": now.Unix()}}}
		p.people.set(append(p.people.all(), person))
	}
	return person
}

// session is what a script gets for somebody who signed in.
func (p *Privy) session(w http.ResponseWriter, person PrivyPerson) {
	s := p.SignedIn(person.DID)
	answer(w, http.StatusOK, map[string]any{"user": p.full(person), "token": s.Access, "privy_access_token": s.Access, "refresh_token": text("", 40),
		"identity_token": s.Identity, "session_update_action": "set", "is_new_user": false})
}

// leaveFor says where the way to another service begins. It ends at redirect_to, with
// three parameters more.
func (p *Privy) leaveFor(w http.ResponseWriter, said map[string]string) {
	back, err := url.Parse(said["redirect_to"])
	if err != nil || back.Host == "" || !slices.Contains(p.Through, said["provider"]) {
		scriptRefuse(w, http.StatusBadRequest, "disallowed_login_method", "Login with "+said["provider"]+" not allowed")
		return
	}
	code := p.issue("", ask{query: url.Values{"code_challenge": {said["code_challenge"]}, "code_challenge_method": {"S256"}}, redirect: back.String(), expires: clock(p.Now).Add(10 * time.Minute)})
	query := back.Query()
	query.Set("privy_oauth_code", code)
	query.Set("privy_oauth_state", said["state_code"])
	query.Set("privy_oauth_provider", said["provider"])
	back.RawQuery = query.Encode()
	answer(w, http.StatusOK, map[string]string{"url": p.Origin + "/standin/service?" + url.Values{"to": {back.String()}}.Encode()})
}

// service is another service, and Privy's callback, in one: somebody is signed in there.
func (p *Privy) service(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
}

func (p *Privy) byService(w http.ResponseWriter, said map[string]string) {
	p.mu.Lock()
	a, ok := p.codes[said["authorization_code"]]
	delete(p.codes, said["authorization_code"])
	signer := p.signer
	p.mu.Unlock()
	if !ok || !a.proves(said["code_verifier"]) {
		scriptRefuse(w, http.StatusUnprocessableEntity, "oauth_state_mismatch", "Invalid code")
		return
	}
	if signer == "" {
		signer = p.people.all()[0].DID
	}
	person, _ := p.person(signer)
	p.session(w, person)
}
