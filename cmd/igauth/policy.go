package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"igauth/internal/app"
	"igauth/internal/app/deployed"
	"igauth/internal/app/local"
	"igauth/internal/igauth"
)

// policyFlag is where a policy is given on the command line.
const policyFlag = "--policy"

// readPolicy reads the policy of a flag or, without one, of the environment. It
// says where the policy is from, "" if there is none.
func readPolicy(flag string, getenv func(string) string) (policy igauth.Policy, from string, err error) {
	from, text := policyFlag, flag
	if text == "" {
		from, text = app.EnvPolicy, getenv(app.EnvPolicy)
	}
	if text == "" {
		return igauth.Policy{}, "", nil
	}
	if policy, err = igauth.ParsePolicy(text); err != nil {
		return igauth.Policy{}, "", fmt.Errorf("%s: %w", from, err)
	}
	return policy, from, nil
}

// folderPolicy returns the policy for a folder: that of the environment, or of the
// server that used the folder last.
func folderPolicy(folder *local.Folder) (policy igauth.Policy, from string, err error) {
	policy, from, err = readPolicy("", os.Getenv)
	if err != nil || from != "" {
		return policy, from, err
	}
	policy, err = folder.Policy()
	return policy, "the folder's server", err
}

// policyText returns what a policy has other than the default.
func policyText(policy igauth.Policy) string {
	var words []string
	for _, part := range igauth.PolicyParts() {
		if value := part.Of(policy); value != part.Of(igauth.Policy{}) {
			words = append(words, part.Name+"="+value)
		}
	}
	if len(words) == 0 {
		return "the default"
	}
	return strings.Join(words, " ")
}

type policyCommand struct {
	Policy string `arg:"" optional:"" help:"A policy to check and to explain, such as \"refresh_at=0.4 probe_every=11h\" (default: $$IGAUTH_POLICY, or what the folder's server uses)."`
	Data   string `default:"data" help:"Folder of igauth dev (default ${default})." type:"path" placeholder:"DIR"`
	AWS    bool   `name:"aws" help:"Explain the policy of the stack deployed in AWS."`
	Stack  string `default:"igauth" help:"Name of the deployed stack (default ${default})." placeholder:"NAME"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Help is shown by igauth policy --help.
func (policyCommand) Help() string {
	return `The policy says when tokens are refreshed and accounts are asked about. A deployed stack
has it in its parameter Policy, and a folder that of the server that used it last. For a folder
IGAUTH_POLICY counts before that; for a stack it does not.`
}

// Validate is called when the command line was read.
func (c *policyCommand) Validate() error {
	switch {
	case c.AWS && c.Policy != "":
		return errors.New("--aws explains the policy that a stack has: leave the other one out")
	case !c.AWS && c.Stack != defaultStack:
		return errStackWithoutAWS
	}
	return nil
}

func (c *policyCommand) Run(ctx context.Context, t *terminal) error {
	policy, from, err := c.policy(ctx)
	if err != nil {
		return err
	}
	days := int(policy.Outage() / (24 * time.Hour))
	if c.JSON {
		parts := map[string]string{}
		for _, part := range igauth.PolicyParts() {
			parts[part.Name] = part.Of(policy)
		}
		return printJSON(t, map[string]any{"from": from, "policy": policy.String(), "parts": parts, "outage_days": days})
	}
	if from == "" {
		_, _ = fmt.Fprintln(t.out, "The default policy")
	} else {
		_, _ = fmt.Fprintf(t.out, "The policy of %s\n", from)
	}
	_, _ = fmt.Fprintln(t.out)
	w := newTable(t)
	w.AppendHeader(table.Row{"NAME", "VALUE", "DEFAULT", "WHAT IT IS"})
	for _, part := range igauth.PolicyParts() {
		w.AppendRow(table.Row{part.Name, part.Of(policy), part.Of(igauth.Policy{}), part.Does})
	}
	if err := render(t, w); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "\nMeta may be away for %s without a token ending.\n", count(days, "day"))
	return err
}

// policy returns the policy that is asked for, and where it is from.
func (c *policyCommand) policy(ctx context.Context) (igauth.Policy, string, error) {
	if c.AWS {
		settings, why, err := deployed.Variables(ctx, c.Stack)
		if err == nil && settings == nil {
			err = errors.New(why + " " + whyNoSettings)
		}
		if err != nil {
			return igauth.Policy{}, "", err
		}
		policy, err := igauth.ParsePolicy(settings.Get(app.EnvPolicy))
		return policy, "the stack " + c.Stack, err
	}
	if c.Policy != "" {
		policy, err := igauth.ParsePolicy(c.Policy)
		return policy, "the command line", err
	}
	folder, err := local.Open(c.Data, nil)
	if errors.Is(err, local.ErrEmpty) {
		return readPolicy("", os.Getenv)
	}
	if err != nil {
		return igauth.Policy{}, "", err
	}
	defer func() { _ = folder.Close() }()
	return folderPolicy(folder)
}
