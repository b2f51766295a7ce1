package login

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestPasswordHash(t *testing.T) {
	h := today.hash("a tower of 7 stones")
	read, err := parsePasswordHash(h.String())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h.String(), "$argon2id$v=19$m=19456,t=2,p=1$") || read.String() != h.String() {
		t.Errorf("%s was read as %s", h, read)
	}
	if !read.matches("a tower of 7 stones") || read.matches("a tower of 8 stones") || read.matches("") {
		t.Error("matches is wrong")
	}
	if h.weak(today) || today.hash("a tower of 7 stones").String() == h.String() {
		t.Error("a new hash is weak, or has the salt of another")
	}
}

// TestPasswordHashOfOthers: the reference implementation wrote this one.
func TestPasswordHashOfOthers(t *testing.T) {
	h, err := parsePasswordHash("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc")
	if err != nil || !h.matches("password") || !h.weak(today) {
		t.Errorf("%v", err)
	}
}

func TestParsePasswordHash(t *testing.T) {
	const salt, sum = "c2FsdHNhbHRzYWx0c2FsdA", "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
	if _, err := parsePasswordHash("$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + sum); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, phc string }{
		{"is empty", ""},
		{"is another function", "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + sum},
		{"is bcrypt", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"},
		{"has another version", "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + sum},
		{"has no version", "$argon2id$m=19456,t=2,p=1$" + salt + "$" + sum},
		{"asks for gigabytes", "$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + sum},
		{"asks for more memory than a number holds", "$argon2id$v=19$m=99999999999999999999,t=2,p=1$" + salt + "$" + sum},
		{"asks for years", "$argon2id$v=19$m=19456,t=4294967295,p=1$" + salt + "$" + sum},
		{"asks for many threads", "$argon2id$v=19$m=19456,t=2,p=255$" + salt + "$" + sum},
		{"asks for no thread", "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + sum},
		{"asks for no pass", "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + sum},
		{"has too little memory for its threads", "$argon2id$v=19$m=8,t=2,p=2$" + salt + "$" + sum},
		{"has a negative cost", "$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + sum},
		{"has a leading zero", "$argon2id$v=19$m=019456,t=2,p=1$" + salt + "$" + sum},
		{"has its costs in another order", "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + sum},
		{"has a fourth cost", "$argon2id$v=19$m=19456,t=2,p=1,data=AA$" + salt + "$" + sum},
		{"has no salt", "$argon2id$v=19$m=19456,t=2,p=1$$" + sum},
		{"has no sum", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$"},
		{"has a short sum, which many passwords would match", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$aGFzaA"},
		{"has a very long sum", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + base64.RawStdEncoding.EncodeToString(make([]byte, 300))},
		{"has padding", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "==$" + sum},
		{"has a newline", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "\n$" + sum},
		{"has one part more", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + sum + "$"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if h, err := parsePasswordHash(c.phc); err == nil {
				t.Errorf("read as %s", h)
			}
		})
	}
}

func FuzzParsePasswordHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g")
	f.Add("$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaA")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parsePasswordHash(phc)
		if err != nil {
			return
		}
		if h.String() != phc {
			t.Errorf("%q was read as %q", phc, h)
		}
		if h.memory > most.memory || h.passes > most.passes || h.threads > most.threads || len(h.sum) < 16 || len(h.salt) < 8 {
			t.Errorf("%q passed", phc)
		}
		if h.memory <= 64 && h.passes == 1 {
			h.matches("") // does not panic
		}
	})
}
