// Without Inter: its font files would be the largest part of the site, and Chinese is not among its letters.
import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'

export default DefaultTheme
