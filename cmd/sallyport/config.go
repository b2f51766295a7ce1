package main

import (
	"errors"

	"github.com/sallyport-dev/sallyport/internal/config"
)

type configCommand struct {
	Check  configCheck  `cmd:"" help:"Read the settings and report every mistake at once."`
	Show   configShow   `cmd:"" help:"Print the settings in force, defaults included and secrets left out."`
	Schema configSchema `cmd:"" help:"Print the JSON schema of the settings file, for editors."`

	ImportEnv configImportEnv `cmd:"" name:"import-env" help:"Make settings of the environment variables of a server that this one takes the place of, keys included."`
}

type configCheck struct {
	which
	asked
}

func (c configCheck) Run(t terminal) error {
	loaded, err := c.load(t)
	if err == nil {
		err = loaded.Validate()
	}
	mistakes := config.Mistakes{}
	if errors.As(err, &mistakes) && c.JSON {
		return errors.Join(err, printJSON(t.out, mistakes))
	}
	if err != nil {
		return err
	}
	return c.say(t, mistakes, "The settings are good.")
}

type configShow struct{ which }

func (c configShow) Run(t terminal) error {
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	text, err := loaded.YAML(true)
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}

type configSchema struct{}

func (configSchema) Run(t terminal) error {
	text, err := config.Schema()
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}
