package serving

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// Flags are those that every program of its own has: --issuer, --resource, and
// --listen, which is listen where it is not given. To parse them fills in the Alone.
// It logs to diagnosis, where what is wrong with the flags is written, too.
func Flags(name, listen string, diagnosis io.Writer) (*flag.FlagSet, *Alone) {
	a := &Alone{Log: slog.New(slog.NewJSONHandler(diagnosis, nil))}
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(diagnosis)
	f.StringVar(&a.Issuer, "issuer", "", "the `URL` of the Sallyport that issues the tokens")
	f.StringVar(&a.Guard.Resource.ID, "resource", "", "the `URL` of this server as clients reach it, and as it is called in that Sallyport's settings")
	f.StringVar(&a.Listen, "listen", listen, "where to listen, `host:port`")
	return f, a
}

// Parse parses flags, and nothing but flags.
func Parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	return nil
}

// Exchange gets people's own tokens from the issuer, as that client of it, whose
// secret is in an environment variable. Titles are what services are called, by the
// names of their logins.
func (a *Alone) Exchange(client, secretVariable string, titles map[string]string) (*resource.Exchange, error) {
	secret := os.Getenv(secretVariable)
	if secret == "" {
		return nil, errors.New(secretVariable + " is not set: it is the secret of the client that --client-id names")
	}
	return resource.NewExchange(resource.ExchangeConfig{
		TokenURL: strings.TrimSuffix(a.Issuer, "/") + "/oauth/token", ClientID: client, Secret: oauth.Secret(secret), Titles: titles,
	})
}
