package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"igauth/internal/app"
	"igauth/internal/app/deployed"
	"igauth/internal/app/local"
	"igauth/internal/cost"
	"igauth/internal/doctor"
	"igauth/internal/igauth"
	"igauth/internal/igauth/instagram"
)

type doctorCommand struct {
	Data    string `help:"Examine this folder of igauth dev (default: the variables IGAUTH_… of this shell if there are any, else the folder data)." type:"path" placeholder:"DIR"`
	AWS     bool   `name:"aws" help:"Examine the stack deployed in AWS, with the credentials and region of the AWS CLI."`
	Stack   string `default:"igauth" help:"Name of the deployed stack (default ${default})." placeholder:"NAME"`
	Network bool   `default:"true" negatable:"offline" help:"Ask Meta and the installation's own address, too (default). --offline leaves them alone."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Help is shown by igauth doctor --help.
func (doctorCommand) Help() string {
	return `It examines a configuration and says of each finding why it matters and how to mend it.
Nothing is changed, and no secret is shown or sent to anybody but whom it belongs to.

The exit code is 1 when something is wrong, 4 when there are warnings alone, and 0 when
there are neither. docs/doctor.md lists all findings.`
}

// Validate is called when the command line was read.
func (c *doctorCommand) Validate() error {
	switch {
	case c.AWS && c.Data != "":
		return errors.New("--data is for a folder, and --aws for a deployed stack: leave one out")
	case !c.AWS && c.Stack != defaultStack:
		return errors.New("--stack is for a deployed stack: say --aws, too")
	}
	return nil
}

func (c *doctorCommand) Run(ctx context.Context, t *terminal) error {
	e := examination{
		env:     doctor.NewEnvironment(environ()),
		version: graphVersion(),
		now:     time.Now,
		online:  c.Network,
	}
	e.network.Now = e.now
	look := newProgress(t)
	look.show("Looking…")
	report, err := c.examine(ctx, &e)
	look.done()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(t, report)
	} else {
		err = reportFindings(t, report)
	}
	return errors.Join(err, exitOf(report.Summary.Worst))
}

// environ is the environment of this shell.
var environ = os.Environ

// exitOf returns the exit code of an examination, nil for 0.
func exitOf(worst doctor.Severity) error {
	switch worst {
	case doctor.Error:
		return exitCode(exitFailed)
	case doctor.Warning:
		return exitCode(exitWarnings)
	}
	return nil
}

// examine examines what the command line names.
func (c *doctorCommand) examine(ctx context.Context, e *examination) (doctor.Report, error) {
	switch {
	case c.AWS:
		return e.stack(ctx, c.Stack)
	case c.Data != "":
		return e.folder(ctx, c.Data)
	case e.env.Configured():
		return e.environment(ctx), nil
	}
	report, err := e.folder(ctx, "data")
	if errors.Is(err, local.ErrEmpty) {
		return report, errors.New("there is nothing to examine: no variable IGAUTH_… is set, the folder data holds no installation (--data names another), and --aws was not said")
	}
	return report, err
}

// An examination is what all examinations have in common.
type examination struct {
	env     doctor.Environment
	network doctor.Network
	version doctor.GraphVersion
	now     func() time.Time
	// online lets Meta and the installation's own address be asked.
	online bool
}

// graphVersion returns the version of the Graph API that Meta is asked for.
func graphVersion() doctor.GraphVersion {
	end, announced := instagram.GraphVersionEnd(instagram.GraphVersion)
	return doctor.GraphVersion{Name: instagram.GraphVersion, EndsAt: end, Announced: announced}
}

// environment examines the variables of this shell.
func (e *examination) environment(ctx context.Context) doctor.Report {
	findings := doctor.Settings{Environment: e.env, Required: doctor.Required}.Check()
	findings = append(findings, doctor.Dashboard(e.env)...)
	findings = append(findings, doctor.Version(e.version, e.now())...)
	examined := "the variables of this shell"
	if e.online {
		online, skews := e.outside(ctx, e.env, findings, "/accounts", igauth.Secret{})
		findings = append(findings, online...)
		findings = append(findings, doctor.Clock(skews)...)
		examined += ", Meta, and the public URL"
	}
	return doctor.NewReport(examined, findings)
}

// outside asks Meta and the installation's own address, all at a time. What the
// settings are known to be wrong in is not asked about.
func (e *examination) outside(ctx context.Context, env doctor.Environment, known []doctor.Finding, guarded string, metaSecret igauth.Secret) ([]doctor.Finding, []doctor.Skew) {
	origin := func(name, own string) string {
		if value := env.Get(name); value != "" && doctor.Usable(known, name) {
			return value
		}
		return own
	}
	www := origin(app.EnvInstagramWWW, instagram.DefaultWWW)
	api := origin(app.EnvInstagramAPI, instagram.DefaultAPI)
	graph := origin(app.EnvInstagramGraph, instagram.DefaultGraph)
	facebook := origin(app.EnvFacebookGraph, doctor.FacebookGraph)
	hosts := []string{www, api, graph}
	if env.Get(app.EnvMetaAppID) != "" {
		hosts = append(hosts, origin(app.EnvFacebookWWW, doctor.FacebookWWW), facebook)
	}
	id, public := env.Get(app.EnvAppID), env.Get(app.EnvPublicURL)
	var (
		group             sync.WaitGroup
		reached, apps, at []doctor.Finding
		skews             []doctor.Skew
	)
	group.Go(func() { reached, skews = e.network.Hosts(ctx, unique(hosts)...) })
	if id != "" && doctor.Usable(known, app.EnvAppID) {
		group.Go(func() {
			apps = e.network.Apps(ctx, doctor.App{
				InstagramID: id, RedirectURI: public + "/callback", API: api,
				MetaID: env.Get(app.EnvMetaAppID), MetaSecret: metaSecret, Graph: facebook,
			})
		})
	}
	if public != "" && doctor.Usable(known, app.EnvPublicURL) {
		group.Go(func() {
			at = e.network.Site(ctx, doctor.Site{Origin: public, AppID: id, WWW: www, Guarded: guarded})
		})
	}
	group.Wait()
	return append(append(reached, apps...), at...), skews
}

// unique returns a list without repetitions, in its order.
func unique(list []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, text := range list {
		if !seen[text] {
			all = append(all, text)
		}
		seen[text] = true
	}
	return all
}

// folder examines a folder of igauth dev.
func (e *examination) folder(ctx context.Context, dir string) (doctor.Report, error) {
	folder, err := local.Open(dir, nil)
	if err != nil {
		return doctor.Report{}, err
	}
	defer func() { _ = folder.Close() }()
	record := folder.Record
	env := doctor.Environment{
		app.EnvAppID: record.AppID, app.EnvPublicURL: record.PublicURL,
		app.EnvInstagramWWW: record.WWW, app.EnvInstagramAPI: record.API, app.EnvInstagramGraph: record.Graph,
		app.EnvPolicy: record.Policy,
	}
	if text := e.env.Get(app.EnvPolicy); text != "" {
		env[app.EnvPolicy] = text
	}
	for name, value := range env {
		if value == "" {
			delete(env, name)
		}
	}
	findings := doctor.Settings{Environment: env, Simulator: !record.Real}.Check()
	findings = append(findings, doctor.Dashboard(env)...)
	findings = append(findings, doctor.Version(e.version, e.now())...)
	if secret := e.env.Get("IGAUTH_DEV_APP_SECRET"); record.Real && secret != "" {
		findings = append(findings, doctor.AppSecret(igauth.NewSecret(secret), "IGAUTH_DEV_APP_SECRET")...)
	}
	examined, idle := "the folder "+dir, ""
	if e.online {
		online, skews := e.outside(ctx, env, findings, "/accounts/0/token", igauth.Secret{})
		if !record.Real && silent(online) {
			idle = "The development server is not running; igauth dev starts it, with its simulator."
			online = nil
		}
		findings = append(findings, online...)
		findings = append(findings, doctor.Clock(skews)...)
		examined += ", its Instagram, and its public URL"
	}
	policy, _ := igauth.ParsePolicy(env.Get(app.EnvPolicy)) // what is wrong with it was named
	findings = append(findings, doctor.Installation{
		Ledger: folder.Parts(folder.Now, nil).Ledger, Warn: policy.WarnWithin, Now: folder.Now(), Local: true, Idle: idle,
	}.Check(ctx)...)
	return doctor.NewReport(examined, findings, folder.APIKey), nil
}

// silent reports whether neither the simulator nor the server of a folder answers.
func silent(findings []doctor.Finding) bool {
	down := map[string]bool{}
	for _, f := range findings {
		down[f.ID] = true
	}
	return down["host-unreachable"] && down["site-unreachable"]
}

// stack examines a deployed stack.
func (e *examination) stack(ctx context.Context, name string) (doctor.Report, error) {
	patient, err := deployed.Examine(ctx, name, e.now)
	if err != nil {
		return doctor.Report{}, err
	}
	functions, err := patient.Functions(ctx)
	return e.deployed(ctx, patient.Stack, patient.IAM, functions, err), nil
}

// deployed examines a stack of which the functions are known, or why they are not.
func (e *examination) deployed(ctx context.Context, s doctor.Stack, iam doctor.IAM, functions []doctor.Function, unlisted error) doctor.Report {
	findings, env := doctor.Deployed(s.Name, functions, unlisted)
	settings := doctor.Settings{Environment: env, Required: doctor.Required}
	if unlisted != nil {
		env = e.env
		settings = doctor.Settings{Environment: env}
	}
	s.Settle(env)
	findings = append(findings, settings.Check()...)
	findings = append(findings, doctor.Dashboard(env)...)
	findings = append(findings, doctor.Version(e.version, e.now())...)

	var facts doctor.Facts
	atTable := s.CheckTable(ctx, &facts)
	findings = append(findings, atTable...)
	findings = append(findings, s.CheckSecrets(ctx, &facts)...)
	facts.Resources.Settle(s.Name, s.Region, env.Get(app.EnvEventBus))

	policy, _ := igauth.ParsePolicy(env.Get(app.EnvPolicy)) // what is wrong with it was named
	var (
		group                          sync.WaitGroup
		online, tokens, inside, rights []doctor.Finding
		skews                          []doctor.Skew
	)
	metaSecret, resources := facts.MetaSecret, facts.Resources
	if e.online {
		group.Go(func() { online, skews = e.outside(ctx, env, findings, "/accounts", metaSecret) })
	}
	if doctor.Usable(atTable, s.Table) {
		group.Go(func() { tokens = s.CheckVault(ctx, &facts) })
		group.Go(func() {
			inside = doctor.Installation{Ledger: s.Ledger, Warn: policy.WarnWithin, Now: e.now(), Vault: billed(s.Vault)}.Check(ctx)
		})
		if len(functions) > 0 {
			group.Go(func() { rights = doctor.CheckRights(ctx, iam, functions, resources) })
		}
	}
	group.Wait()
	for _, more := range [][]doctor.Finding{tokens, inside, rights, online, doctor.Clock(append(skews, facts.Skews...))} {
		findings = append(findings, more...)
	}
	examined := "the stack " + s.Name + " in " + s.Region
	if e.online {
		examined += ", Meta, and the public URL"
	}
	return doctor.NewReport(examined, findings, facts.Secrets...)
}

// billed returns the vault as the bill names it.
func billed(kind app.VaultKind) cost.Vault {
	if kind == app.VaultSealed {
		return cost.Sealed
	}
	return cost.SecretsManager
}

var severityColours = map[doctor.Severity]text.Colors{
	doctor.OK:      {text.FgGreen},
	doctor.Warning: {text.FgYellow},
	doctor.Error:   {text.FgRed, text.Bold},
}

// textWidth is how wide the words of a finding are.
const textWidth = 88

// reportFindings shows a report to a person.
func reportFindings(t *terminal, r doctor.Report) error {
	_, _ = fmt.Fprintf(t.out, "Examined: %s.\n\n", r.Examined)
	w := newTable(t)
	w.AppendHeader(table.Row{"", "FINDING", "WHAT"})
	for _, f := range r.Findings {
		mark := string(f.Severity)
		if colour, ok := severityColours[f.Severity]; ok && t.colours {
			mark = colour.Sprint(mark)
		}
		lines := []string{f.What}
		if f.Why != "" {
			lines = append(lines, f.Why)
		}
		if f.Mend != "" {
			lines = append(lines, "→ "+f.Mend)
		}
		for i, line := range lines {
			lines[i] = text.WrapSoft(line, textWidth)
		}
		w.AppendRow(table.Row{mark, f.ID, strings.Join(lines, "\n")})
	}
	if err := render(t, w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.out, "\n%s\n", verdict(r.Summary))
	return err
}

// verdict says how it stands in one line.
func verdict(s doctor.Summary) string {
	checked := count(s.OK+s.Info+s.Warnings+s.Errors, "finding")
	if s.Errors+s.Warnings == 0 {
		return "Nothing is wrong (" + checked + ")."
	}
	return fmt.Sprintf("%s and %s (%s).", count(s.Errors, "error"), count(s.Warnings, "warning"), checked)
}
