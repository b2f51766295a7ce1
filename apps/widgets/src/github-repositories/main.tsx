import { mount } from '../shared/widget'
import { Answered } from '../github/outcome'
import { Repositories } from '../github/repositories'
import { Around } from '../github/show'
import { useAnswer } from '../github/tool'
import '../github/github.css'

function Widget() {
  const { act, answer, again } = useAnswer('list_repositories')
  return (
    <Answered what="Asking GitHub for your repositories" act={act} answer={answer} again={again}>
      {(good) => <Around root={<Repositories first={good} />} />}
    </Answered>
  )
}

mount('github-repositories', <Widget />)
