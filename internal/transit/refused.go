package transit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Why a key was not wrapped or unwrapped. The text of an error says more, for who
// runs this server; no error has the token, the key or an answer's body in it.
var (
	// ErrDown says that nobody answers there, or that it cannot answer now.
	ErrDown = errors.New("the key service does not answer")
	// ErrSealed says that somebody has to unseal it.
	ErrSealed = errors.New("the key service is sealed")
	// ErrRefused says that the token is unknown there, has ended, or may not.
	ErrRefused = errors.New("the key service refuses the token of key_service, or what it may do")
	// ErrNoKey says that the engine has no key of that name.
	ErrNoKey = errors.New("the key service has no key of the name that key_service says")
	// ErrOtherKey says that it is not the key with which this was wrapped.
	ErrOtherKey = errors.New("the key of key_service does not open what was wrapped for this installation")
	// ErrRetired says that it is the key, and that the version which wrapped this may not be used any more.
	ErrRetired = errors.New("the key service no longer opens what that version of its key has wrapped")
	// ErrUnfit says that the key is of a kind that cannot wrap here.
	ErrUnfit = errors.New("the key of key_service is of a kind that cannot wrap")
	// ErrDamaged says that what should be unwrapped is not what an engine gave.
	ErrDamaged = errors.New("what the key service wrapped for this installation is damaged")
	// ErrAsked says that the engine does not take the request, for a reason that is not known here.
	ErrAsked = errors.New("the key service does not take what it is asked")
	// ErrNowhere says that there is no such engine at the address.
	ErrNowhere = errors.New("there is no transit engine at the address and mount of key_service")
)

// failed says what a status means. The engine's own words are quoted, since they name
// the key or the rule that it is about; what it was sent is not in them.
func failed(what string, status int, said []string) error {
	words := fmt.Sprintf("it answers %s with %d %s", what, status, strings.Join(strings.Fields(strings.Join(said, "; ")), " "))
	words = strings.TrimSpace(words[:min(len(words), 300)])
	cause := ErrDown
	switch {
	case status == http.StatusServiceUnavailable && strings.Contains(words, "sealed"):
		cause = ErrSealed
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		cause = ErrRefused
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		cause = ErrNowhere
	case status == http.StatusBadRequest:
		cause = misfit(words)
	}
	return fmt.Errorf("%w: %s", cause, words)
}

// misfit tells the 400s apart, which Vault and OpenBao do by their words alone, and by
// the same ones: OpenBao has them in sdk/helper/keysutil/policy.go and in
// builtin/logical/transit. What is not known is told as that, and not as another key:
// who is told so might restore one over the right one.
func misfit(words string) error {
	for _, m := range []struct {
		says  string
		means error
	}{
		{"encryption key not found", ErrNoKey},
		{"soft-deleted", ErrNoKey},
		{"too old", ErrRetired},
		{"no such key version", ErrRetired}, // it was trimmed
		// A key that was deleted and made again, or another installation's.
		{"message authentication failed", ErrOtherKey},
		{"unable to decrypt", ErrOtherKey},
		{"version is too new", ErrOtherKey},
		{"key derivation", ErrUnfit}, // it is derived, and wants a context
		{"not supported for key type", ErrUnfit},
		{"unsupported key type", ErrUnfit},
		{"convergent", ErrUnfit},
		{"invalid ciphertext", ErrDamaged},
		{"missing client token", ErrRefused}, // of older versions; newer ones say 403
	} {
		if strings.Contains(words, m.says) {
			return m.means
		}
	}
	return ErrAsked
}
