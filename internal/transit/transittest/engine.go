// Package transittest answers as the Transit engine of HashiCorp Vault and OpenBao
// does: its paths, its statuses, and its errors as a list of texts.
package transittest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Token is the one that it takes.
const Token = "hvs.a-token-of-the-engine"

// An Engine has one key, named door. Its zero value has the first version of it.
type Engine struct {
	mu      sync.Mutex
	sealed  bool
	newer   int    // how often the key was rotated
	oldest  int    // versions before it no longer open anything
	another string // not empty: the key was deleted, and made again
	asked   []string
	status  int // not 0: of every answer, which says the text
	text    string
}

// Seal has it answer nothing until it is unsealed.
func (e *Engine) Seal(sealed bool) { e.change(func() { e.sealed = sealed }) }

// Rotate adds a version of the key.
func (e *Engine) Rotate() { e.change(func() { e.newer++ }) }

// Retire has versions of the key open nothing that are not the newest.
func (e *Engine) Retire() { e.change(func() { e.oldest = e.newer }) }

// Replace makes another key of the same name.
func (e *Engine) Replace() { e.change(func() { e.another += "another" }) }

// Refuse has it answer everything with a status and a text; 0: it answers again.
func (e *Engine) Refuse(status int, text string) {
	e.change(func() { e.status, e.text = status, text })
}

// Asked are what it was asked to do so far, and clears that.
func (e *Engine) Asked() (asked []string) {
	e.change(func() { asked, e.asked = e.asked, nil })
	return asked
}

func (e *Engine) change(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// ServeHTTP implements [http.Handler].
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	what, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
	var sent struct{ Plaintext, Ciphertext string }
	known := what == "encrypt" || what == "decrypt" || what == "rewrap"
	switch {
	case e.status != 0:
		refuse(w, e.status, e.text)
	case e.sealed:
		refuse(w, http.StatusServiceUnavailable, "Vault is sealed")
	case !strings.HasPrefix(r.URL.Path, "/v1/transit/") || !known:
		refuse(w, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", strings.TrimPrefix(r.URL.Path, "/v1/")))
	case r.Header.Get("X-Vault-Token") != Token, what == "encrypt" && key != "door":
		refuse(w, http.StatusForbidden, "permission denied")
	case key != "door":
		refuse(w, http.StatusBadRequest, "encryption key not found")
	case json.NewDecoder(r.Body).Decode(&sent) != nil:
		refuse(w, http.StatusBadRequest, "failed to parse JSON input")
	default:
		e.asked = append(e.asked, what)
		e.answer(w, what, sent.Plaintext, sent.Ciphertext)
	}
}

func (e *Engine) answer(w http.ResponseWriter, what, plaintext, ciphertext string) {
	if what != "encrypt" {
		opened, err := e.open(ciphertext)
		if err != "" {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		plaintext = opened
	}
	data := map[string]any{"plaintext": plaintext}
	if what != "decrypt" {
		sealer, nonce := e.cipher(e.newer), make([]byte, 12)
		rand.Read(nonce)
		sealed := base64.StdEncoding.EncodeToString(sealer.Seal(nonce, nonce, []byte(plaintext), nil))
		data = map[string]any{"ciphertext": fmt.Sprintf("vault:v%d:%s", e.newer+1, sealed), "key_version": e.newer + 1}
	}
	say(w, http.StatusOK, map[string]any{"request_id": "8375227a-4a9f-a108-0b89-84c448419e80", "lease_id": "", "renewable": false, "lease_duration": 0,
		"data": data, "wrap_info": nil, "warnings": nil, "auth": nil})
}

func (e *Engine) open(ciphertext string) (plaintext, refused string) {
	var version int
	rest, ok := strings.CutPrefix(ciphertext, "vault:v")
	if !ok {
		return "", "invalid ciphertext: no prefix"
	}
	number, text, _ := strings.Cut(rest, ":")
	if _, err := fmt.Sscanf(number, "%d", &version); err != nil || version > e.newer+1 {
		return "", "invalid ciphertext: version is too new"
	}
	if version <= e.oldest {
		return "", "ciphertext or signature version is disallowed by policy (too old)"
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sealed) < 12 {
		return "", "invalid ciphertext: could not decode base64"
	}
	opened, err := e.cipher(version-1).Open(nil, sealed[:12], sealed[12:], nil)
	if err != nil {
		return "", err.Error()
	}
	return string(opened), ""
}

func (e *Engine) cipher(version int) cipher.AEAD {
	key := sha256.Sum256(fmt.Append(nil, e.another, version))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // cannot be: the key is 32 bytes long
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // cannot be: AES has blocks of 16 bytes
	}
	return sealer
}

func refuse(w http.ResponseWriter, status int, text string) {
	say(w, status, map[string]any{"errors": []string{text}})
}

func say(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
