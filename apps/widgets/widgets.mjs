// Every widget: the folder of its source in src/, the server in apps/ that shows it, and the title of its document.
export const widgets = [
  { name: 'who', server: 'demo', title: 'Who is signed in' },
  { name: 'chess-board', server: 'chess', title: 'Chess board' },
  { name: 'intent-display', server: 'intent', title: 'What you are looking for' },
  { name: 'discover-connections', server: 'intent', title: 'People who look for the same' },
  { name: 'github-repositories', server: 'github', title: 'Repositories' },
  { name: 'github-issues', server: 'github', title: 'Issues' },
  { name: 'github-new-issue', server: 'github', title: 'New issue' },
  { name: 'github-connect', server: 'github', title: 'Connection to GitHub' },
]
