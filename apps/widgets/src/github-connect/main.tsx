import { readProfile } from '../github/data'
import { Answered } from '../github/outcome'
import { Connected } from '../github/profile'
import { useAnswer } from '../github/tool'
import { Bare, Failed } from '../shared/parts'
import { mount } from '../shared/widget'
import '../github/github.css'

function Widget() {
  const { act, answer, again } = useAnswer('get_profile')
  return (
    <Answered what="Asking GitHub who you are" act={act} answer={answer} again={again}>
      {(good) => {
        const profile = readProfile(good)
        return profile ? <Connected profile={profile} act={act} again={again} /> : <Bare><Failed why="GitHub did not say who you are." again={again} /></Bare>
      }}
    </Answered>
  )
}

mount('github-connect', <Widget />)
