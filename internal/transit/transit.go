// Package transit has a key wrapped by a Transit engine elsewhere, that of HashiCorp
// Vault or of OpenBao. The engine's own key never leaves it: whoever has what was
// wrapped, and nothing else, has nothing.
package transit

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// The bounds of one request.
const (
	timeout   = 10 * time.Second
	maxAnswer = 64 << 10 // octets
)

// Options say where the engine is.
type Options struct {
	Address string // https://vault.example.com:8200
	Mount   string // where the engine is mounted: transit
	Key     string // the name of the engine's key
	Token   oauth.Secret
	Roots   *x509.CertPool // nil: the system's
}

// A Client asks one engine. It is safe for concurrent use.
type Client struct {
	Options
	http *http.Client
}

// New makes one. Nothing is asked yet.
func New(o Options) *Client {
	return &Client{Options: o, http: &http.Client{
		Timeout:       timeout,
		CheckRedirect: followed,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
	}}
}

// followed lets a standby send us on to the active one, but never out of TLS: the
// token goes along.
func followed(r *http.Request, before []*http.Request) error {
	if len(before) > 2 || before[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// Wrap returns key as the engine wraps it: text that begins with vault: and the
// version of the engine's key.
func (c *Client) Wrap(ctx context.Context, key []byte) (string, error) {
	answer, err := c.ask(ctx, "encrypt", map[string]string{"plaintext": base64.StdEncoding.EncodeToString(key)})
	return answer.Ciphertext, err
}

// Unwrap returns what was wrapped.
func (c *Client) Unwrap(ctx context.Context, wrapped string) ([]byte, error) {
	answer, err := c.ask(ctx, "decrypt", map[string]string{"ciphertext": wrapped})
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(answer.Plaintext)
	if err != nil {
		return nil, fmt.Errorf("%w: its answer has no key in it", ErrDown)
	}
	return key, nil
}

// Rewrap returns the same key, wrapped by the newest version of the engine's key.
func (c *Client) Rewrap(ctx context.Context, wrapped string) (string, error) {
	answer, err := c.ask(ctx, "rewrap", map[string]string{"ciphertext": wrapped})
	return answer.Ciphertext, err
}

// Version is which version of the engine's key wrapped it: v3. Empty: it is not what
// an engine gave.
func Version(wrapped string) string {
	parts := strings.SplitN(wrapped, ":", 3)
	if len(parts) != 3 || parts[0] != "vault" || parts[2] == "" {
		return ""
	}
	return parts[1]
}

type answer struct {
	Plaintext  string `json:"plaintext"`
	Ciphertext string `json:"ciphertext"`
}

func (c *Client) ask(ctx context.Context, what string, form map[string]string) (answer, error) {
	var got struct {
		Data   answer   `json:"data"`
		Errors []string `json:"errors"`
	}
	body, err := json.Marshal(form)
	if err != nil {
		return got.Data, err
	}
	at := strings.TrimSuffix(c.Address, "/") + "/v1/" + strings.Trim(c.Mount, "/") + "/" + what + "/" + url.PathEscape(c.Key)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return got.Data, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Vault-Token", string(c.Token))
	r.Header.Set("X-Vault-Request", "true") // an agent in between may insist on it
	res, err := c.http.Do(r)
	if err != nil {
		return got.Data, fmt.Errorf("%w: %w", ErrDown, withoutAddress(err))
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return got.Data, fmt.Errorf("%w: %w", ErrDown, err)
	}
	wrong := json.Unmarshal(text, &got)
	if res.StatusCode != http.StatusOK {
		return answer{}, failed(what, res.StatusCode, got.Errors)
	}
	if wrong != nil || what == "decrypt" && got.Data.Plaintext == "" || what != "decrypt" && Version(got.Data.Ciphertext) == "" {
		return answer{}, fmt.Errorf("%w: what answers at its address is something else", ErrNowhere)
	}
	return got.Data, nil
}

func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
