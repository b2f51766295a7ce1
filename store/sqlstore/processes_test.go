package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// The test binary is also each of the other processes: the environment says
// which part it plays, and on which database.
const (
	partVariable     = "SQLSTORE_TEST_PART"
	databaseVariable = "SQLSTORE_TEST_DATABASE"
	pathVariable     = "SQLSTORE_TEST_PATH"
)

func TestMain(m *testing.M) {
	if part := os.Getenv(partVariable); part != "" {
		if err := play(part); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play opens the database and waits for its input to end, so that all begin
// together.
func play(part string) error {
	parts := map[string]func(s *sqlstore.Store) error{
		"rotate": rotateWithOthers, "redeem": redeemWithOthers, "first": beFirst, "assert": assertWithOthers, "lease": leaseWithOthers,
		"write":   writeUntilKilled,
		"migrate": func(s *sqlstore.Store) error { return s.Migrate(context.Background()) },
		"look":    func(*sqlstore.Store) error { return nil },
	}
	o := sqlstore.Options{Database: os.Getenv(databaseVariable), Path: os.Getenv(pathVariable)}
	o.NoMigrate = part == "migrate"
	s, err := sqlstore.Open(context.Background(), o)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // the end of the file is what starts it
	return errors.Join(parts[part](s), s.Close())
}

const (
	generations = 100
	codes       = 50
)

// rotateWithOthers says which generations it won.
func rotateWithOthers(s *sqlstore.Store) error {
	for {
		g, err := s.Grant(context.Background(), "g1")
		if err != nil || g.Generation.N > generations {
			return err
		}
		to := oauth.Generation{N: g.Generation.N + 1, Parent: g.Generation.N}
		won, err := s.Rotate(context.Background(), "g1", g.Generation, to, g.Expires)
		if err != nil {
			return err
		}
		if won {
			fmt.Println(g.Generation.N)
		}
	}
}

// redeemWithOthers says which codes it won.
func redeemWithOthers(s *sqlstore.Store) error {
	for i := range codes {
		g := newGrant("ada")
		g.CodeID = oauth.Secret(strconv.Itoa(i)).Digest()
		switch err := s.Create(context.Background(), g); {
		case err == nil:
			fmt.Println(i)
		case !errors.Is(err, store.ErrReplayed):
			return err
		}
	}
	return nil
}

// assertWithOthers says which assertions it was the first to use.
func assertWithOthers(s *sqlstore.Store) error {
	for i := range codes {
		id := oauth.Secret(strconv.Itoa(i)).Digest()
		switch err := s.SpendAssertion(context.Background(), id, time.Now().Add(time.Hour)); {
		case err == nil:
			fmt.Println(i)
		case !errors.Is(err, store.ErrReplayed):
			return err
		}
	}
	return nil
}

// beFirst says whether it was.
func beFirst(s *sqlstore.Store) error {
	err := s.AddFirstPerson(context.Background(), oauth.Person{ID: oauth.NewID(""), Username: oauth.NewID("")})
	if err == nil {
		fmt.Println("first")
	}
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// writeUntilKilled creates and rotates, from several goroutines, and says what
// was acknowledged: a grant and its generation.
func writeUntilKilled(s *sqlstore.Store) error {
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		wg.Go(func() {
			for {
				if err := writeOne(s, func(id string, n int) { fmt.Println(id, n) }); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	return <-errs
}

func writeOne(s *sqlstore.Store, acknowledged func(id string, generation int)) error {
	g := newGrant("ada")
	if err := s.Create(context.Background(), g); err != nil {
		return err
	}
	acknowledged(g.ID, 1)
	won, err := s.Rotate(context.Background(), g.ID, g.Generation, oauth.Generation{N: 2, Parent: 1}, g.Expires)
	if err == nil && !won {
		err = errors.New("a rotation lost against nobody")
	}
	if err != nil {
		return err
	}
	acknowledged(g.ID, 2)
	return s.Append(context.Background(), event("written"))
}

// A process is another one, on the same database.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Scanner
	stderr *strings.Builder
}

// begin starts a process, which waits for go ahead.
func begin(t *testing.T, part string, o sqlstore.Options) *process {
	t.Helper()
	return beginCommand(t, exec.Command(os.Args[0]), part, o)
}

func beginCommand(t *testing.T, cmd *exec.Cmd, part string, o sqlstore.Options) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, stderr: &strings.Builder{}}
	cmd.Env = append(os.Environ(), partVariable+"="+part, databaseVariable+"="+o.Database, pathVariable+"="+o.Path)
	cmd.Stderr = p.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed
		_ = cmd.Wait()
	})
	p.stdin, p.stdout = stdin, bufio.NewScanner(stdout)
	if line, ok := p.line(); !ok || line != "ready" {
		t.Fatalf("the process said %q: %s", line, p.stderr)
	}
	return p
}

func (p *process) line() (string, bool) {
	ok := p.stdout.Scan()
	return p.stdout.Text(), ok
}

// run lets a process go ahead, and returns what it says before it ends well.
func (p *process) run() []string {
	p.stdin.Close()
	var said []string
	for {
		line, ok := p.line()
		if !ok {
			break
		}
		said = append(said, line)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%v: %s", err, p.stderr)
	}
	return said
}

// together runs n processes at once, and returns what they say.
func together(t *testing.T, n int, part string, o sqlstore.Options) []string {
	t.Helper()
	var all []*process
	for range n {
		all = append(all, begin(t, part, o))
	}
	said := make([][]string, n)
	var wg sync.WaitGroup
	for i, p := range all {
		wg.Go(func() { said[i] = p.run() })
	}
	wg.Wait()
	var lines []string
	for _, s := range said {
		lines = append(lines, s...)
	}
	return lines
}

// once checks that each number from first on was said by one process.
func once(t *testing.T, lines []string, first, count int) {
	t.Helper()
	times := map[string]int{}
	for _, line := range lines {
		times[line]++
	}
	for i := first; i < first+count; i++ {
		if n := times[strconv.Itoa(i)]; n != 1 {
			t.Errorf("%d was won %d times", i, n)
		}
	}
	if len(times) != count {
		t.Errorf("%d were won, want %d", len(times), count)
	}
}

func withAda(t *testing.T, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s := open(t, o)
	if err := s.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOfSeveralProcessesThatRotateOneWinsEachTime(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s := withAda(t, o)
		g := newGrant("ada")
		g.ID = "g1"
		if err := s.Create(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		once(t, together(t, 4, "rotate", o), 1, generations)
	})
}

func TestOfSeveralProcessesThatRedeemOneWinsEachCode(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s := withAda(t, o)
		once(t, together(t, 4, "redeem", o), 0, codes)
		living, err := s.Grants(t.Context(), store.GrantFilter{Subject: "ada"}, "", 2*codes)
		if err != nil || len(living) != 0 {
			t.Errorf("%d grants outlived the replay of their code, %v", len(living), err)
		}
	})
}

func TestOfSeveralProcessesThatUseAnAssertionOneWins(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		open(t, o)
		once(t, together(t, 4, "assert", o), 0, codes)
	})
}

func TestOfSeveralProcessesOneAddsTheFirstPerson(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		open(t, o)
		if said := together(t, 6, "first", o); len(said) != 1 {
			t.Errorf("%d were first", len(said))
		}
	})
}

func TestTenProcessesMigrateAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		together(t, 10, "migrate", o)
		s := open(t, o)
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatAKilledProcessAcknowledgedIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		for range 3 {
			o := o
			if o.Path != "" {
				o.Path = onSQLite(t).Path
			} else {
				o = onPostgres(t, postgresServer(t))
			}
			withAda(t, o)
			acknowledged := killed(t, begin(t, "write", o), 200)
			s := open(t, o)
			for id, generation := range acknowledged {
				g, err := s.Grant(t.Context(), id)
				if err != nil {
					t.Fatalf("grant %s was acknowledged: %v", id, err)
				}
				if g.Generation.N < generation {
					t.Errorf("generation %d of %s was acknowledged; it is at %d", generation, id, g.Generation.N)
				}
			}
			if err := writeOne(s, func(string, int) {}); err != nil {
				t.Errorf("after it was killed: %v", err)
			}
		}
	})
}

// killed kills a process without warning once it has said n lines, and returns
// the generation of each grant that it acknowledged.
func killed(t *testing.T, p *process, n int) map[string]int64 {
	t.Helper()
	p.stdin.Close()
	acknowledged := map[string]int64{}
	for {
		line, ok := p.line()
		if !ok {
			break
		}
		id, number, _ := strings.Cut(line, " ")
		generation, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			break // the line on which it died
		}
		acknowledged[id] = max(acknowledged[id], generation)
		if n--; n == 0 {
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n > 0 {
		t.Fatalf("it ended by itself: %s", p.stderr)
	}
	return acknowledged
}
