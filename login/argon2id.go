package login

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one run of argon2id takes. RFC 9106 §3.1.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// today is what new hashes cost: 19 MiB and about 20 ms of one core. A hash
// that cost less is made anew when its owner signs in.
var today = cost{memory: 19 * 1024, passes: 2, threads: 1}

// most is what a stored hash may ask for. Whoever can write one row of the
// database must not thereby be able to take the machine's memory.
var most = cost{memory: 256 * 1024, passes: 16, threads: 16}

// A passwordHash is one line of the form
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash, read.
type passwordHash struct {
	cost
	salt, sum []byte
}

var errHash = errors.New("login: not an argon2id hash that can be checked")

// hash hashes text under a new salt.
func (c cost) hash(text string) passwordHash {
	h := c.decoy()
	h.sum = h.run(text)
	return h
}

// decoy is a hash of nothing at all, which costs as much to check as a real one.
func (c cost) decoy() passwordHash {
	h := passwordHash{cost: c, salt: make([]byte, 16), sum: make([]byte, 32)}
	rand.Read(h.salt)
	rand.Read(h.sum)
	return h
}

func (h passwordHash) run(text string) []byte {
	return argon2.IDKey([]byte(text), h.salt, h.passes, h.memory, h.threads, uint32(len(h.sum)))
}

// matches runs argon2id once, whatever comes of it.
func (h passwordHash) matches(text string) bool {
	return subtle.ConstantTimeCompare(h.run(text), h.sum) == 1
}

// weak reports whether the hash costs less than a new one would.
func (h passwordHash) weak(now cost) bool {
	return h.memory < now.memory || h.passes < now.passes || len(h.sum) < 32
}

func (h passwordHash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.passes, h.threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}

// parsePasswordHash reads what String wrote, and nothing else.
func parsePasswordHash(phc string) (passwordHash, error) {
	var h passwordHash
	if len(phc) > 512 {
		return h, errHash
	}
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, errHash
	}
	costs := strings.Split(part[3], ",")
	if len(costs) != 3 {
		return h, errHash
	}
	m, ok1 := within(costs[0], "m=", most.memory)
	t, ok2 := within(costs[1], "t=", most.passes)
	p, ok3 := within(costs[2], "p=", uint32(most.threads))
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(part[4])
	sum, err2 := base64.RawStdEncoding.Strict().DecodeString(part[5])
	switch {
	// RFC 9106 §3.1: the memory is at least eight blocks for each lane.
	case !ok1, !ok2, !ok3, m < 8*p, err1 != nil, err2 != nil:
		return h, errHash
	case len(salt) < 8, len(salt) > 64, len(sum) < 16, len(sum) > 64:
		return h, errHash
	}
	h = passwordHash{cost: cost{memory: m, passes: t, threads: uint8(p)}, salt: salt, sum: sum}
	if h.String() != phc {
		return passwordHash{}, errHash
	}
	return h, nil
}

func within(field, name string, highest uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(field, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n >= 1 && n <= uint64(highest)
}
