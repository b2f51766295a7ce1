package pages

import (
	"net/http"
	"time"
)

// A PasskeyForm has a device of the person answer for them. The form posts what
// is hidden on its page, and challenge and answer. It is shown by a script, which
// asks the device; the zero one is not there.
type PasskeyForm struct {
	Action    string
	Challenge string // hidden, challenge
	Options   string // JSON, of Web Authentication Level 3 §5.1
}

// Passkeys lists a person's passkeys, oldest first, in the order given. The form
// that adds one posts csrf and name besides; each passkey has a form that gets
// RemoveURL with passkey. Where they signed in too long ago to change anything,
// there is a form instead that posts csrf and password to ConfirmAction.
type Passkeys struct {
	Person   string
	Now      time.Time
	Passkeys []PasskeyLine

	CSRF          string // hidden, csrf
	Add           PasskeyForm
	RemoveURL     string // of the page that asks again
	ConfirmAction string // empty: they signed in a moment ago
	BackURL       string

	// Notice is what was just done, and Problem what was wrong with the last try,
	// in whole sentences.
	Notice, Problem string
	RetryAfter      int // as in [SignIn]
}

// A PasskeyLine is one passkey.
type PasskeyLine struct {
	ID       string // hidden, passkey
	Name     string
	Since    time.Time
	LastUsed time.Time // zero: never
}

// Passkeys draws the page with a person's passkeys.
func (p *Pages) Passkeys(w http.ResponseWriter, status int, v Passkeys) {
	v.Problem = tooManyTries(w, v.RetryAfter, v.Problem)
	reach := atHome
	if v.Add.Action != "" {
		reach |= asksDevices
	}
	p.draw(w, status, drawing{"passkeys", "Your passkeys", reach, v})
}

// A ConfirmPasskey asks once before a passkey is removed. The form posts csrf and
// passkey.
type ConfirmPasskey struct {
	Action  string
	CSRF    string // hidden, csrf
	Passkey PasskeyLine
	BackURL string
}

// ConfirmPasskey draws the page that asks before a passkey is removed.
func (p *Pages) ConfirmPasskey(w http.ResponseWriter, status int, v ConfirmPasskey) {
	p.draw(w, status, drawing{"confirmpasskey", "Remove a passkey?", atHome, v})
}
