package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"igauth/internal/app"
	"igauth/internal/app/deployed"
	"igauth/internal/app/local"
	"igauth/internal/doctor"
	"igauth/internal/igauth"
)

type doctorCommand struct {
	Data    string `help:"Examine this folder of igauth dev (default: the variables IGAUTH_… of this shell if the app or its secret is among them, else the folder data)." type:"path" placeholder:"DIR"`
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
		return errStackWithoutAWS
	}
	return nil
}

func (c *doctorCommand) Run(ctx context.Context, t *terminal) error {
	e := doctor.Examination{
		Environment: doctor.NewEnvironment(environ()),
		Version:     doctor.CurrentVersion(),
		Now:         time.Now,
		Online:      c.Network,
	}
	look := newProgress(t)
	look.show("Looking…")
	report, err := c.examine(ctx, e)
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
func (c *doctorCommand) examine(ctx context.Context, e doctor.Examination) (doctor.Report, error) {
	switch {
	case c.AWS:
		patient, err := deployed.Examine(ctx, c.Stack, e.Now)
		if err != nil {
			return doctor.Report{}, err
		}
		functions, err := patient.Functions(ctx)
		return e.Stack(ctx, patient.Stack, patient.IAM, functions, err), nil
	case c.Data != "":
		return examineFolder(ctx, e, c.Data)
	case e.Environment.Configured():
		return e.Shell(ctx), nil
	}
	report, err := examineFolder(ctx, e, "data")
	if errors.Is(err, local.ErrEmpty) {
		return report, errors.New(nothingToExamine(e.Environment.Settings()))
	}
	return report, err
}

// nothingToExamine says where was looked for an installation. Some variables of this
// shell may be set all the same.
func nothingToExamine(set []string) string {
	shell := "no variable IGAUTH_… is set"
	if len(set) > 0 {
		shell = fmt.Sprintf("of an installation's variables this shell has %s, but neither %s nor %s", strings.Join(set, ", "), app.EnvAppID, app.EnvAppSecretName)
	}
	return "there is nothing to examine: " + shell + "; the folder data holds no installation (igauth dev makes one, --data names another); and --aws was not said"
}

// examineFolder examines a folder of igauth dev, with what its record says of the
// server that used it last.
func examineFolder(ctx context.Context, e doctor.Examination, dir string) (doctor.Report, error) {
	folder, err := local.Open(dir, nil)
	if err != nil {
		return doctor.Report{}, err
	}
	defer func() { _ = folder.Close() }()
	record := folder.Record
	env := doctor.Environment{}
	for name, value := range map[string]string{
		app.EnvAppID: record.AppID, app.EnvPublicURL: record.PublicURL,
		app.EnvMetaAppID: record.MetaAppID, app.EnvFacebookWWW: record.FacebookWWW, app.EnvFacebookGraph: record.FacebookGraph,
		app.EnvInstagramWWW: record.WWW, app.EnvInstagramAPI: record.API, app.EnvInstagramGraph: record.Graph,
		app.EnvPolicy: cmp.Or(e.Environment.Get(app.EnvPolicy), record.Policy),
	} {
		if value != "" {
			env[name] = value
		}
	}
	return e.Folder(ctx, doctor.Folder{
		Dir: dir, Environment: env, Simulator: !record.Real,
		AppSecret: igauth.NewSecret(e.Environment.Get(doctor.DevAppSecret)), MetaAppSecret: igauth.NewSecret(e.Environment.Get(doctor.DevMetaAppSecret)),
		Ledger: folder.Parts(folder.Now, nil).Ledger, Now: folder.Now(), Secrets: []igauth.Secret{folder.APIKey},
	}), nil
}

var severityColours = map[doctor.Severity]text.Colors{
	doctor.OK:      {text.FgGreen},
	doctor.Warning: {text.FgYellow},
	doctor.Error:   {text.FgRed, text.Bold},
}

// How wide the words of a finding are: at most so, at least so, and on a terminal
// what the columns before them leave.
const maxText, minText, beforeText = 88, 40, 36

func textWidth(t *terminal) int {
	file, ok := t.out.(*os.File)
	if !ok {
		return maxText
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return maxText
	}
	return max(minText, min(maxText, columns-beforeText))
}

// reportFindings shows a report to a person.
func reportFindings(t *terminal, r doctor.Report) error {
	_, _ = fmt.Fprintf(t.out, "Examined: %s.\n\n", r.Examined)
	w, width := newTable(t), textWidth(t)
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
			lines[i] = text.WrapSoft(line, width)
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
