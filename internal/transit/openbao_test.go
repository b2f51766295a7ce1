package transit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/transit"
	"github.com/sallyport-dev/sallyport/oauth"
)

const rootToken = "root-of-the-test"

// openBao is a server that nobody here wrote.
type openBao struct {
	t       *testing.T
	address string
	token   oauth.Secret // may do what docs/design/0021-key-service.md says, and nothing else
}

// newOpenBao starts one in memory, with a Transit engine and a key named door.
func newOpenBao(t *testing.T) *openBao {
	t.Helper()
	program := os.Getenv("SALLYPORT_TEST_OPENBAO")
	if program == "" {
		t.Skip("the key service against OpenBao: SALLYPORT_TEST_OPENBAO is not set to the program bao; nothing here brings it")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	var log bytes.Buffer
	cmd := exec.Command(program, "server", "-dev", "-dev-no-store-token", "-dev-root-token-id="+rootToken, "-dev-listen-address="+at)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	b := &openBao{t: t, address: "http://" + at}
	b.untilReady()
	b.admin("sys/mounts/transit", `{"type": "transit"}`)
	b.admin("transit/keys/door", `{}`)
	const policy = `path "transit/encrypt/door" { capabilities = ["update"] }
		path "transit/decrypt/door" { capabilities = ["update"] }
		path "transit/rewrap/door"  { capabilities = ["update"] }`
	b.admin("sys/policies/acl/door", fmt.Sprintf(`{"policy": %q}`, policy))
	var made struct {
		Auth struct {
			Token oauth.Secret `json:"client_token"`
		}
	}
	if err := json.Unmarshal(b.admin("auth/token/create", `{"policies": ["door"]}`), &made); err != nil || made.Auth.Token == "" {
		t.Fatal("no token was made: ", err)
	}
	b.token = made.Auth.Token
	return b
}

func (b *openBao) untilReady() {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		if res, err := http.Get(b.address + "/v1/sys/health"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-late:
			b.t.Fatal("it does not start")
		}
	}
}

// admin asks as its administrator.
func (b *openBao) admin(path, body string) []byte {
	b.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodDelete
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("X-Vault-Token", rootToken)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		b.t.Fatalf("%s: %d %s %v", path, res.StatusCode, text, err)
	}
	return text
}

// client asks it for a key as somebody; empty: by the token that may use door.
func (b *openBao) client(mount, key string, token oauth.Secret) *transit.Client {
	if token == "" {
		token = b.token
	}
	return transit.New(transit.Options{Address: b.address, Mount: mount, Key: key, Token: token})
}

var rootKey = []byte("thirty-two bytes of the root key")

// opens wraps a key, and unwraps it again.
func (b *openBao) opens(c *transit.Client) (wrapped string) {
	b.t.Helper()
	wrapped, err := c.Wrap(b.t.Context(), rootKey)
	if err != nil {
		b.t.Fatal(err)
	}
	if opened, err := c.Unwrap(b.t.Context(), wrapped); err != nil || !bytes.Equal(opened, rootKey) {
		b.t.Errorf("%s: %v", transit.Version(wrapped), err)
	}
	return wrapped
}

func TestOpenBaoWraps(t *testing.T) {
	b := newOpenBao(t)
	c := b.client("transit", "door", "")
	first := b.opens(c)
	b.admin("transit/keys/door/rotate", `{}`)
	second, err := c.Rewrap(t.Context(), first)
	if err != nil || transit.Version(first) != "v1" || transit.Version(second) != "v2" {
		t.Fatal(transit.Version(first), transit.Version(second), err)
	}
	for _, w := range []string{first, second} {
		if opened, err := c.Unwrap(t.Context(), w); err != nil || !bytes.Equal(opened, rootKey) {
			t.Errorf("%s: %v", transit.Version(w), err)
		}
	}
	for _, kind := range []string{"aes128-gcm96", "chacha20-poly1305", "xchacha20-poly1305", "rsa-3072"} {
		b.admin("transit/keys/door-"+kind, fmt.Sprintf(`{"type": %q}`, kind))
		b.opens(b.client("transit", "door-"+kind, rootToken))
	}
}

// What OpenBao says is told as what it is.
func TestWhatIsWrongAtOpenBaoIsSaid(t *testing.T) {
	b := newOpenBao(t)
	c := b.client("transit", "door", "")
	first := b.opens(c)
	refuses := func(what string, c *transit.Client, wrapped string, want error) {
		t.Helper()
		_, err := c.Unwrap(t.Context(), wrapped)
		t.Logf("%s: %v", what, err)
		if !errors.Is(err, want) || strings.Contains(err.Error(), string(b.token)) || strings.Contains(err.Error(), wrapped) {
			t.Errorf("%s: it says %v", what, err)
		}
	}
	b.admin("transit/keys/derived", `{"derived": true}`)
	b.admin("transit/keys/signs", `{"type": "ed25519"}`)
	refuses("a token that it does not know", b.client("transit", "door", "s.another"), first, transit.ErrRefused)
	refuses("a key that the token may not use", b.client("transit", "doors", ""), first, transit.ErrRefused)
	refuses("no such key", b.client("transit", "doors", rootToken), first, transit.ErrNoKey)
	refuses("mounted elsewhere", b.client("keys", "door", rootToken), first, transit.ErrNowhere)
	refuses("another engine", b.client("secret", "door", rootToken), first, transit.ErrNowhere)
	refuses("a key that is derived", b.client("transit", "derived", rootToken), first, transit.ErrUnfit)
	refuses("a key that signs", b.client("transit", "signs", rootToken), first, transit.ErrUnfit)
	refuses("no prefix", c, "door:v1:AAAA", transit.ErrDamaged)
	refuses("no base64", c, "vault:v1:%%%%", transit.ErrDamaged)
	refuses("too little", c, "vault:v1:"+base64.StdEncoding.EncodeToString([]byte("short")), transit.ErrDamaged)
	refuses("a version that there was not", c, strings.Replace(first, "v1", "v9", 1), transit.ErrOtherKey)
	b.admin("transit/keys/door/rotate", `{}`)
	second := b.opens(c)
	b.admin("transit/keys/door/config", `{"min_decryption_version": 2, "min_encryption_version": 2}`)
	refuses("a version that was retired", c, first, transit.ErrRetired)
	b.admin("transit/keys/door/trim", `{"min_available_version": 2}`)
	refuses("a version that was trimmed", c, first, transit.ErrRetired)
	b.admin("transit/keys/door/config", `{"deletion_allowed": true}`)
	b.admin("transit/keys/door", "")
	refuses("a key that was deleted", c, second, transit.ErrNoKey)
	b.admin("transit/keys/door", `{}`)
	refuses("another key of that name", c, first, transit.ErrOtherKey)
	b.admin("sys/seal", `{}`)
	refuses("sealed", c, first, transit.ErrSealed)
}
