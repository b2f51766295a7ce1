package transit_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/transit"
	"github.com/sallyport-dev/sallyport/internal/transit/transittest"
)

func TestWhatWasWrappedOpensAfterTheKeyWasRotated(t *testing.T) {
	e := &transittest.Engine{}
	server := httptest.NewServer(e)
	defer server.Close()
	c := transit.New(transit.Options{Address: server.URL + "/", Mount: "transit", Key: "door", Token: transittest.Token})
	wrapped, err := c.Wrap(t.Context(), []byte("thirty-two bytes of the root key"))
	if err != nil || transit.Version(wrapped) != "v1" || strings.Contains(wrapped, "dGhpcnR5") {
		t.Fatal(wrapped, err)
	}
	e.Rotate()
	newer, err := c.Rewrap(t.Context(), wrapped)
	if err != nil || transit.Version(newer) != "v2" {
		t.Fatal(newer, err)
	}
	for _, w := range []string{wrapped, newer} {
		if key, err := c.Unwrap(t.Context(), w); err != nil || string(key) != "thirty-two bytes of the root key" {
			t.Errorf("%s: %v", transit.Version(w), err)
		}
	}
	e.Retire()
	if _, err := c.Unwrap(t.Context(), wrapped); !errors.Is(err, transit.ErrRetired) || !strings.Contains(err.Error(), "too old") {
		t.Error(err)
	}
}

func TestWhatIsWrongAtTheEngineIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*transittest.Engine, *transit.Options)
		want   error
	}{
		"it is sealed":               {func(e *transittest.Engine, _ *transit.Options) { e.Seal(true) }, transit.ErrSealed},
		"it does not know the token": {func(_ *transittest.Engine, o *transit.Options) { o.Token = "hvs.another" }, transit.ErrRefused},
		"it has another key":         {func(e *transittest.Engine, _ *transit.Options) { e.Replace() }, transit.ErrOtherKey},
		"it has no such key":         {func(_ *transittest.Engine, o *transit.Options) { o.Key = "doors" }, transit.ErrNoKey},
		"it is mounted elsewhere":    {func(_ *transittest.Engine, o *transit.Options) { o.Mount = "keys" }, transit.ErrNowhere},
		"nobody answers":             {func(_ *transittest.Engine, o *transit.Options) { o.Address = "http://127.0.0.1:1" }, transit.ErrDown},
		"somebody else answers": {func(_ *transittest.Engine, o *transit.Options) {
			page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }))
			t.Cleanup(page.Close)
			o.Address = page.URL
		}, transit.ErrNowhere},
	} {
		t.Run(name, func(t *testing.T) {
			e := &transittest.Engine{}
			server := httptest.NewServer(e)
			defer server.Close()
			o := transit.Options{Address: server.URL, Mount: "transit", Key: "door", Token: transittest.Token}
			wrapped, err := transit.New(o).Wrap(t.Context(), make([]byte, 32))
			if err != nil {
				t.Fatal(err)
			}
			c.change(e, &o)
			_, err = transit.New(o).Unwrap(t.Context(), wrapped)
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), string(o.Token)) || strings.Contains(err.Error(), wrapped) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// The words are those of OpenBao; Vault has the same ones.
func TestWhatABadRequestIsAboutIsTold(t *testing.T) {
	for says, want := range map[string]error{
		"encryption key not found": transit.ErrNoKey,
		"ciphertext or signature version is disallowed by policy (too old)": transit.ErrRetired,
		"no such key version":                                                           transit.ErrRetired,
		"cipher: message authentication failed":                                         transit.ErrOtherKey,
		"chacha20poly1305: message authentication failed":                               transit.ErrOtherKey,
		"invalid ciphertext: unable to decrypt":                                         transit.ErrOtherKey,
		"invalid ciphertext: version is too new":                                        transit.ErrOtherKey,
		"missing 'context' for key derivation; the key was created using a derived key": transit.ErrUnfit,
		"message decryption not supported for key type ed25519":                         transit.ErrUnfit,
		"invalid ciphertext: no prefix":                                                 transit.ErrDamaged,
		"invalid ciphertext: wrong number of fields":                                    transit.ErrDamaged,
		"invalid ciphertext: could not decode base64":                                   transit.ErrDamaged,
		"invalid ciphertext length":                                                     transit.ErrDamaged,
		"missing client token":                                                          transit.ErrRefused,
		"namespace not found, or something else that is not known here":                 transit.ErrAsked,
	} {
		e := &transittest.Engine{}
		server := httptest.NewServer(e)
		c := transit.New(transit.Options{Address: server.URL, Mount: "transit", Key: "door", Token: transittest.Token})
		e.Refuse(http.StatusBadRequest, says)
		if _, err := c.Unwrap(t.Context(), "vault:v1:AAAA"); !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is told as %v", says, err)
		}
		server.Close()
	}
}
