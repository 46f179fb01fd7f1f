package cmd

// exitStatus stands below every command's help.
const exitStatus = `  0  done, or nothing to do      4  some hosts failed, others succeeded
  1  failed                      5  refused: locked, unconfirmed or unsafe
  2  wrong usage or inventory  130  interrupted
  3  changes are pending, or problems were found`

const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}`

const usageTemplate = `USAGE
  {{if .Runnable}}{{if .HasParent}}{{.UseLine}}{{else}}monctl COMMAND [flags]{{end}}{{else}}{{.CommandPath}} COMMAND{{end}}
{{if .HasExample}}
EXAMPLES
{{.Example}}
{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}
COMMANDS{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}}  {{.Short}}{{end}}{{end}}
{{else}}{{range $group := .Groups}}
{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help")))}}
  {{rpad .Name .NamePadding}}  {{.Short}}{{end}}{{end}}
{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}
FLAGS
{{.LocalFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
  Flags of all commands (inventory, SSH, output): monctl --help
{{end}}
EXIT STATUS
` + exitStatus + `
`
