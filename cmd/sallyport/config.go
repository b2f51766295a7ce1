package main

import (
	"fmt"

	"github.com/sallyport-dev/sallyport/internal/config"
)

type configCommand struct {
	Check  configCheck  `cmd:"" help:"Read the settings and report every mistake at once."`
	Show   configShow   `cmd:"" help:"Print the settings in force, defaults included and secrets left out."`
	Schema configSchema `cmd:"" help:"Print the JSON schema of the settings file, for editors."`
}

type configCheck struct{ which }

func (c configCheck) Run(t terminal) error {
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	if err := loaded.Validate(); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "The settings are good.")
	return nil
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
	_, err = fmt.Fprintln(t.out, string(text))
	return err
}
